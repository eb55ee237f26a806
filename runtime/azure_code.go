package resil

// AzureCode says what an error code of an Azure service means. The codes are those of Azure
// Storage ("Common REST API error codes") that say more than their status:
//
//   - ServerBusy, a limit of the account's that comes as 503, and
//     SnapshotOperationRateExceeded, which comes as 409, are Throttled;
//   - OperationTimedOut and InternalError are Infrastructure;
//   - every other code is Undecided: the response's status tells more. Ask for the code
//     first, and complete it by the response: see [Verdict.Or].
func AzureCode(code string) Verdict {
	switch code {
	case "ServerBusy", "SnapshotOperationRateExceeded":
		return Verdict{Class: Throttled}
	case "OperationTimedOut", "InternalError":
		return Verdict{Class: Infrastructure}
	}
	return Verdict{}
}
