// Package amqp guards a publisher of AMQP 0-9-1.
package amqp

import (
	"context"

	amqp "github.com/rabbitmq/amqp091-go"
)

//go:generate go tool resilgen

// Publisher is the part of amqp.Channel that is used. Consumers know a message that comes
// twice by its MessageId.
//
//resil:timeout 5s attempt=1s
//resil:retry 3
//resil:breaker
type Publisher interface {
	//resil:idempotent
	PublishWithDeferredConfirmWithContext(ctx context.Context, exchange, key string, mandatory, immediate bool, msg amqp.Publishing) (*amqp.DeferredConfirmation, error)
}
