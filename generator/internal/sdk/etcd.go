package sdk

// The client itself never repeats a write, since that could overwrite a later one.
var etcdLibrary = &Library{
	Name:  "etcd",
	Ident: "Etcd",
	Title: "etcd",
	Tried: []string{"go.etcd.io/etcd/client/v3@v3.7.3", "go.etcd.io/etcd/api/v3@v3.7.3", "google.golang.org/grpc@v1.85.0"},
	Shown: []string{"go.etcd.io/etcd/client/..."},
	Glue: `
import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	resil "github.com/resilgen/resilgen/runtime"
)

// classify classifies the errors of etcd, and those of gRPC on the way to it, by their
// code. A database that is full takes no write until someone makes room. Etcd 3.4 gives no
// code to the end of its own time for a write, as without a leader.
func classify(err error) resil.Verdict {
	if errors.Is(err, rpctypes.ErrNoSpace) {
		return resil.Verdict{Class: resil.SystemFault}
	}
	if e, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		return resil.GRPCCode(uint32(e.Code()))
	}
	s, ok := status.FromError(err)
	if !ok {
		return resil.Verdict{}
	}
	if s.Code() == codes.Unknown && strings.HasSuffix(s.Message(), context.DeadlineExceeded.Error()) {
		return resil.Verdict{Class: resil.Infrastructure}
	}
	return resil.GRPCStatus(uint32(s.Code()), s.Message())
}
`,
	Safe: []string{
		"MemberList", "TimeToLive", "Leases", "KeepAliveOnce", "AlarmList", "HashKV", "AuthStatus", "UserGet", "UserList", "RoleGet", "RoleList",
		"Snapshot*", "Sync", "AlarmDisarm", "AuthEnable", "AuthDisable", "Authenticate", "MemberUpdate", "MemberRemove", "MoveLeader",
		"UserChangePassword", "UserDelete", "UserGrantRole", "UserRevokeRole", "RoleDelete", "RoleGrantPermission", "RoleRevokePermission",
	},
	Unsafe:  []string{"Put", "Delete"},
	Retries: Retries{Attempts: 100, Switch: "clientv3.Config{MaxUnaryRetries: 1}"},
	Notes: []string{
		"A call waits until a member of the cluster can be reached: without a timeout it waits for as long as its context lives.",
		"The client repeats reads up to 100 times, and a write only if it was not sent.",
		"A Put or Delete that is repeated can overwrite what another client has written in between: compare the revision in a Txn, or write //resil:idempotent where one client writes.",
	},
}
