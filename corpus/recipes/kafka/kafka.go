// Package kafka guards a writer of Kafka that kafka-go makes.
package kafka

import (
	"context"

	"github.com/segmentio/kafka-go"
)

//go:generate go tool resilgen

// Writer is the part of kafka.Writer that is used. Consumers know a message that comes
// twice by its key.
//
//resil:timeout 30s attempt=10s
//resil:retry 3
//resil:breaker
type Writer interface {
	//resil:idempotent
	WriteMessages(ctx context.Context, msgs ...kafka.Message) error
}
