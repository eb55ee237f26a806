package sdk

// Consul says 500 for a cluster without a leader, and for some requests that make no sense.
// Its own test for what may be repeated takes both.
var consulLibrary = &Library{
	Name:  "consul",
	Ident: "Consul",
	Title: "Consul",
	Tried: []string{"github.com/hashicorp/consul/api@v1.34.5"},
	Shown: []string{"github.com/hashicorp/consul/api"},
	Glue: `
import (
	"errors"

	"github.com/hashicorp/consul/api"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of Consul by their status.
func classify(err error) resil.Verdict {
	if e, ok := errors.AsType[api.StatusError](err); ok {
		return resil.HTTPStatus(e.Code)
	}
	return resil.Verdict{}
}
`,
	Safe: []string{
		"Keys", "Checks", "Connect", "Ingress", "Node", "Nodes", "Service", "Services", "State", "Datacenters", "NodeServiceList",
		"GatewayServices", "ServiceMultipleTags", "ConnectMultipleTags", "Self", "Members", "Metrics",
		"Register", "ServiceRegister", "ServiceRegisterOpts", "CheckRegister", "ServiceDeregister", "ServiceDeregisterOpts",
		"PassTTL", "WarnTTL", "FailTTL", "Release", "Destroy", "Renew",
	},
	Notes: []string{
		"The methods take no context: give one with QueryOptions.WithContext and WriteOptions.WithContext, and name the methods in methods=.",
		"A query with a WaitIndex waits as long as it is told to: leave time for that in a timeout.",
		"A compare-and-set whose answer was lost says false when it is repeated.",
	},
}
