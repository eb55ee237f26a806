// Package sarama guards a producer of Kafka that sarama makes.
package sarama

import "github.com/IBM/sarama"

//go:generate go tool resilgen

// Producer is the part of sarama.SyncProducer that is used. Consumers know a message that
// comes twice by its key.
//
//resil:retry 3 methods=SendMessage
//resil:breaker methods=SendMessage
type Producer interface {
	//resil:idempotent
	SendMessage(msg *sarama.ProducerMessage) (partition int32, offset int64, err error)
}
