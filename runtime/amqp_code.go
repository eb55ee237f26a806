package resil

// AMQPCode says what a reply code of AMQP 0-9-1 means, as brokers such as RabbitMQ give for
// a channel or connection that they close. The codes are those of the AMQP 0-9-1
// reference and of amqp091-go 1.16:
//
//   - CONNECTION_FORCED, RESOURCE_ERROR and INTERNAL_ERROR (320, 506, 541) are
//     Infrastructure; so is FRAME_ERROR (501), which amqp091-go makes of a connection that
//     broke;
//   - CONTENT_TOO_LARGE (311), content that the server takes at another time, is Throttled;
//   - CHANNEL_ERROR (504), a channel that is not open and does not open again, is
//     SystemFault; so is NOT_ALLOWED (530), which RabbitMQ gives for a virtual host that
//     is not there, or not for this user;
//   - 200 is Success; what is below 200 or above 599 is Undecided;
//   - every other code is Application.
func AMQPCode(code int) Verdict {
	switch code {
	case 200:
		return Verdict{Class: Success}
	case 320, 501, 506, 541:
		return Verdict{Class: Infrastructure}
	case 311:
		return Verdict{Class: Throttled}
	case 504, 530:
		return Verdict{Class: SystemFault}
	}
	if code < 200 || code > 599 {
		return Verdict{}
	}
	return Verdict{Class: Application}
}
