// Package franz guards a client of Kafka that franz-go makes.
package franz

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
)

//go:generate go tool resilgen

// Topics is the part of kadm.Client that is used.
//
//resil:timeout 20s attempt=5s
//resil:retry 3
//resil:breaker
type Topics interface {
	ListTopics(ctx context.Context, topics ...string) (kadm.TopicDetails, error)
	ListEndOffsets(ctx context.Context, topics ...string) (kadm.ListedOffsets, error)
}
