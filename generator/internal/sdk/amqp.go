package sdk

// ErrClosed has the code of a channel that is gone, but stands for a connection that was
// lost too, which comes back where the library recovers it, or where the caller opens
// another one. That the caller itself has closed it cannot be told apart.
var amqpLibrary = &Library{
	Name:  "amqp",
	Ident: "AMQP",
	Title: "AMQP 0-9-1 (amqp091-go)",
	Tried: []string{"github.com/rabbitmq/amqp091-go@v1.16.0"},
	Shown: []string{"github.com/rabbitmq/amqp091-go"},
	Glue: `
import (
	"errors"

	amqp091 "github.com/rabbitmq/amqp091-go"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of AMQP by their reply code.
func classify(err error) resil.Verdict {
	switch {
	case errors.Is(err, amqp091.ErrClosed):
		return resil.Verdict{Class: resil.Infrastructure}
	case errors.Is(err, amqp091.ErrChannelMax):
		return resil.Verdict{Class: resil.Throttled, Unsent: true}
	case errors.Is(err, amqp091.ErrSASL), errors.Is(err, amqp091.ErrCredentials), errors.Is(err, amqp091.ErrVhost):
		return resil.Verdict{Class: resil.SystemFault}
	}
	if e, ok := errors.AsType[*amqp091.Error](err); ok && e != nil {
		return resil.AMQPCode(e.Code)
	}
	return resil.Verdict{}
}
`,
	Safe: []string{
		"QueueDeclarePassive", "QueueBind", "QueueUnbind", "QueueInspect", "QueuePurge", "QueueDelete", "Qos",
		"ExchangeDeclare", "ExchangeDeclarePassive", "ExchangeBind", "ExchangeUnbind", "ExchangeDelete",
	},
	// What takes a message, and what a broker answers by closing the channel if it comes
	// twice.
	Unsafe: []string{"Get", "Ack"},
	Notes: []string{
		"A nil error of a publish says that the message was written, not that the broker has it: wait for the confirmation.",
		"A message for an exchange that does not exist is answered by closing the channel; only the publishes after it fail, with ErrClosed.",
		"A channel that was closed comes back only with Config.Recovery, or if the guarded type opens another one: without that a retry cannot help.",
		"The library looks at a context before it writes and not while it writes: a write that blocks outlasts a timeout.",
	},
}
