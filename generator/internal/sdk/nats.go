package sdk

// A request that nobody is there to answer has reached nobody. JetStream gives its errors
// codes like those of HTTP, but takes 500 for what cannot be done as asked too.
var natsLibrary = &Library{
	Name:  "nats",
	Ident: "NATS",
	Title: "NATS",
	Tried: []string{"github.com/nats-io/nats.go@v1.55.0"},
	Shown: []string{"github.com/nats-io/nats.go", "github.com/nats-io/nats.go/jetstream"},
	Glue: `
import (
	"errors"

	nats "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of NATS by what they are, and those that JetStream sends
// by their code.
func classify(err error) resil.Verdict {
	is := func(those ...error) bool {
		for _, e := range those {
			if errors.Is(err, e) {
				return true
			}
		}
		return false
	}
	switch {
	case is(nats.ErrNoResponders, nats.ErrNoStreamResponse, jetstream.ErrNoStreamResponse):
		return resil.Verdict{Class: resil.Infrastructure, Unsent: true}
	case is(nats.ErrReconnectBufExceeded):
		return resil.Verdict{Class: resil.Throttled, Unsent: true}
	case is(nats.ErrTimeout, nats.ErrDisconnected, nats.ErrNoServers, nats.ErrStaleConnection, nats.ErrConnectionReconnecting,
		nats.ErrNoInfoReceived, jetstream.ErrServerShutdown, jetstream.ErrNoHeartbeat, jetstream.ErrConsumerLeadershipChanged,
		jetstream.ErrAsyncPublishTimeout, jetstream.ErrInvalidJSAck, jetstream.ErrInvalidJetStreamResponse):
		return resil.Verdict{Class: resil.Infrastructure}
	case is(nats.ErrSlowConsumer, nats.ErrMaxConnectionsExceeded, nats.ErrMaxAccountConnectionsExceeded,
		nats.ErrMaxSubscriptionsExceeded, jetstream.ErrTooManyStalledMsgs):
		return resil.Verdict{Class: resil.Throttled}
	case is(nats.ErrConnectionClosed, nats.ErrConnectionDraining, nats.ErrInvalidConnection, nats.ErrSecureConnRequired,
		nats.ErrSecureConnWanted, nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired,
		nats.ErrPermissionViolation, jetstream.ErrConnectionClosed, jetstream.ErrJetStreamPublisherClosed,
		jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount):
		return resil.Verdict{Class: resil.SystemFault}
	case is(nats.ErrMaxPayload, nats.ErrBadSubject, nats.ErrKeyNotFound, nats.ErrBucketNotFound):
		return resil.Verdict{Class: resil.Application}
	}
	var code, number int
	if e, ok := errors.AsType[*jetstream.APIError](err); ok && e != nil {
		code, number = e.Code, int(e.ErrorCode)
	} else if e, ok := errors.AsType[*nats.APIError](err); ok && e != nil {
		code, number = e.Code, int(e.ErrorCode)
	}
	switch number { // of the server's list of errors
	case 10012, 10052: // a consumer or stream that cannot be as it is asked for
		return resil.Verdict{Class: resil.Application}
	case 10023, 10028, 10047, 10158: // out of memory or storage; the same message is being stored
		return resil.Verdict{Class: resil.Throttled}
	}
	if code != 0 {
		return resil.HTTPStatus(code)
	}
	if errors.As(err, new(jetstream.JetStreamError)) {
		return resil.Verdict{Class: resil.Application}
	}
	return resil.Verdict{}
}
`,
	Safe: []string{
		"AccountInfo", "ConsumerInfo", "StreamInfo", "Stream", "StreamNameBySubject", "StreamNames", "Consumer", "ConsumerNames",
		"PushConsumer", "KeyValue", "KeyValueStores", "KeyValueStoreNames", "ObjectStore", "ObjectStores", "ObjectStoreNames",
		"History", "Keys", "SecureDeleteMsg",
		"CreateStream", "CreateKeyValue", "CreateObjectStore", // where it exists with these settings, nothing happens
		"Seal",
	},
	Unsafe: []string{
		"Fetch*",          // the messages of a lost answer come again only after the time to acknowledge them
		"KeyValue.Update", // answers the second call as if somebody else had made the first
	},
	Notes: []string{
		"A request does in the service whatever it does: say //resil:idempotent, or //resil:retry 3 on=unsent, which repeats what nobody was there to answer.",
		"Publish on a connection without JetStream says nil while the connection is gone, and keeps the message in a buffer until that is full.",
		"JetStream's Publish repeats by itself where no stream answers, twice by default: WithRetryAttempts says how often.",
		"With jetstream.WithMsgID a message that is published twice is stored once: write //resil:idempotent then.",
		"A stream that is full and refuses new messages answers with 503: the breaker counts it as a failure.",
	},
}
