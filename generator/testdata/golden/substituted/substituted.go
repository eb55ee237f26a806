// Package substituted has fallbacks: functions and second implementations.
package substituted

import (
	"context"
	"io"

	"github.com/resilgen/resilgen/generator/testdata/golden/client"
)

type User = client.User

func cachedUser(ctx context.Context, id string, cause error) (*User, error) { return nil, cause }

func noUsers(ctx context.Context, ids []string, cause error) (users []*User, next string, err error) {
	return nil, "", nil
}

type forgiveness func(cause error) error

var forgive forgiveness = func(cause error) error { return nil }

func cached[K comparable, V any](ctx context.Context, key K, cause error) (v V, err error) {
	return v, cause
}

func noBody(ctx context.Context, id string, cause error) (io.ReadCloser, error) { return nil, cause }

type Functions interface {
	//resil:fallback cachedUser
	//resil:retry 2
	GetUser(ctx context.Context, id string) (*User, error)
	//resil:fallback noUsers
	ListUsers(ctx context.Context, ids ...string) ([]*User, string, error)
	//resil:fallback forgive
	Flush() error
	//resil:fallback cachedUser
	//resil:breaker per=cachedUser
	//resil:hedge 10ms
	//resil:idempotent
	Hidden(ctx context.Context, cachedUser string) (m *User, err error)
	//resil:fallback noBody
	Open(ctx context.Context, id string) (io.ReadCloser, error)
}

//resil:fallback
//resil:breaker per=method
type Second interface {
	Get(ctx context.Context, id string) (string, error)
	//resil:breaker per=id
	Put(ctx context.Context, id string, values ...string) error
	//resil:fallback off
	List(ctx context.Context) ([]string, error)
	Close() error
}

type Generic[K comparable, V any] interface {
	//resil:fallback cached
	Get(ctx context.Context, key K) (V, error)
	//resil:fallback
	Put(ctx context.Context, key K, value V) error
}
