// Package guards has bulkheads, guards that only observe, and state by method
// and by key.
package guards

import (
	"context"
	"fmt"
	str "strings"
	. "time"
)

type Request struct {
	Tenant Tenant
	Body   []byte
}

type Tenant struct {
	Region string
	ID     int
}

type tenantKey struct{}

var _, _ = str.ToLower, Second

func tenantOf(ctx context.Context) string { return fmt.Sprint(ctx.Value(tenantKey{})) }

//resil:bulkhead 10 wait=50ms
//resil:breaker mode=observe
//resil:limit 100/s per=method mode=observe
type Guards interface {
	Get(ctx context.Context, id string) (string, error)
	//resil:limit burst=5
	//resil:bulkhead 2
	List(ctx context.Context) ([]string, error)
	//resil:limit off
	//resil:breaker off
	Put(ctx context.Context, id string) error
}

//resil:breaker per=method
//resil:bulkhead 3
type OfMethods interface {
	//resil:breaker per=method open=1s
	Embedded
	Ping(ctx context.Context) error
}

type Embedded interface {
	Flush(ctx context.Context) error
	Sync(ctx context.Context) error
}

//resil:retry 2
//resil:breaker per=peer keys=100
//resil:limit 10/s
//resil:idempotent methods=Ask,Copy
type Peers interface {
	Ping(ctx context.Context, peer string) error
	Ask(ctx context.Context, peer string, questions ...string) (answer string, err error)
	Copy(ctx context.Context, from, peer string) (files, bytes int, err error)
	//resil:breaker per=method
	Count(ctx context.Context) (int, error)
	Close() error
}

// Keys names parameters so that they hide what the expressions refer to.
type Keys interface {
	//resil:limit 1/s per=req.Tenant
	Struct(ctx context.Context, req *Request) error
	//resil:limit 1/s per=tenantOf(ctx)
	//resil:bulkhead 1 per=tenantOf(ctx) keys=7
	FromContext(ctx context.Context) error
	//resil:limit 1/s per="str.ToLower(resil + name)"
	Import(context context.Context, resil, name string) error
	//resil:limit 1/s per=Duration(c)*Second
	DotImport(w context.Context, c int, _ string) error
	//resil:breaker per="[2]string{tenant, region}"
	Array(ctx context.Context, tenant, region string) error
	//resil:breaker per="Tenant{Region: region, ID: len(ids)}"
	Literal(ctx context.Context, region string, ids ...int) error
	//resil:breaker per=(method)
	Invoke(ctx context.Context, method string) error
	//resil:breaker per="id == 0"
	NoContext(id int) error
}

//resil:breaker per=key
type Store[K comparable, V any] interface {
	Get(ctx context.Context, key K) (V, error)
	Put(ctx context.Context, key K, value V) error
	//resil:breaker per=any(key)==nil
	Drop(ctx context.Context, key K) error
}

// Shadowed calls its type parameter like a predeclared type.
type Shadowed[string comparable] interface {
	//resil:bulkhead 3 per="[1]string{key}"
	Get(ctx context.Context, key string) error
}
