package resil

// TwirpCode says what an error code of Twirp means. The codes are those of Twirp 8.1
// (its specification, versions 5 to 7, spells data_loss as dataloss), and mean what their
// namesakes of gRPC do, as in [GRPCCode]:
//
//   - unavailable, deadline_exceeded, internal and canceled are Infrastructure;
//   - resource_exhausted and aborted, a conflict, are Throttled;
//   - data_loss is SystemFault;
//   - the other codes of Twirp are Application, unknown among them;
//   - what is no code of Twirp is Undecided.
func TwirpCode(code string) Verdict {
	switch code {
	case "unavailable", "deadline_exceeded", "internal", "canceled":
		return Verdict{Class: Infrastructure}
	case "resource_exhausted", "aborted":
		return Verdict{Class: Throttled}
	case "data_loss", "dataloss":
		return Verdict{Class: SystemFault}
	case "unknown", "invalid_argument", "malformed", "not_found", "bad_route", "already_exists",
		"permission_denied", "unauthenticated", "failed_precondition", "out_of_range", "unimplemented":
		return Verdict{Class: Application}
	}
	return Verdict{}
}
