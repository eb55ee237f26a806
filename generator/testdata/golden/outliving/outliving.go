// Package outliving has methods whose results are used after the call.
package outliving

import (
	"context"
	"database/sql"
	"io"
	"iter"
	"net/http"
)

// Bodies are read after the call.
//
//resil:timeout 2s attempt=500ms
//resil:retry 3
//resil:idempotent methods=Open
type Bodies interface {
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	Get(ctx context.Context, url string) (*http.Response, error)
	GetObject(ctx context.Context, in *Input) (*Object, error)
	FindIssue(ctx context.Context, number int) (*Issue, *Response, error)
	LookupNested(ctx context.Context) (Nested, error)
	ReadLines(ctx context.Context) (io.Reader, error)
	// Ping has no such result.
	Ping(ctx context.Context) error
}

type Input struct{}

// An Object is like an output of S3.
type Object struct {
	Body io.ReadCloser
	Size int
}

type Issue struct{}

// A Response embeds a response that was read before, as that of go-github does.
type Response struct {
	*http.Response
	NextPage int
}

type Nested struct {
	Left, Right *Object
	Request     *http.Request
}

// Database returns rows.
//
//resil:timeout 2s
type Database interface {
	QueryRows(ctx context.Context) (*sql.Rows, error)
	QueryRow(ctx context.Context) (*sql.Row, error)
	Begin(ctx context.Context) (*sql.Tx, error)
	Query(ctx context.Context) (Rows, error)
}

// Rows are like those of pgx.
type Rows interface {
	Close()
	Err() error
	Next() bool
	Values() ([]any, error)
}

// Streams are like those of gRPC and Kubernetes.
//
//resil:breaker
//resil:timeout attempt=500ms
type Streams interface {
	List(ctx context.Context, in *Input) (ServerStream[Object], error)
	ListAll(ctx context.Context, in *Input) (ServerStream[Issue], error)
	Upload(ctx context.Context) (ClientStream, error)
	Chat(ctx context.Context) (BidiStream, error)
	WatchPods(ctx context.Context) (Watch, error)
	All(ctx context.Context) (iter.Seq[int], error)
	Pages(ctx context.Context) (iter.Seq2[*Object, error], error)
	Connect(ctx context.Context) (Conn, error)
}

type Stream interface {
	RecvMsg(m any) error
	SendMsg(m any) error
}

type ServerStream[T any] interface {
	Recv() (*T, error)
	Stream
}

type ClientStream interface {
	Send(*Input) error
	CloseAndRecv() (*Object, error)
	Stream
}

type BidiStream interface {
	Send(*Input) error
	Recv() (*Object, error)
	Stream
}

type Watch interface {
	Stop()
	ResultChan() <-chan string
}

type Conn interface {
	io.ReadWriteCloser
	Name() string
}

// Hedges close what loses.
//
//resil:hedge 50ms
//resil:idempotent
type Hedges interface {
	Open(ctx context.Context) (io.ReadCloser, error)
	Object(ctx context.Context) (*Object, error)
	Query(ctx context.Context) (Rows, string, error)
	List(ctx context.Context) (ServerStream[Object], error)
	Watch(ctx context.Context) (Watch, error)
}

// Guarded has a breaker only, which later failures count against.
//
//resil:breaker
type Guarded interface {
	Open(ctx context.Context) (io.ReadCloser, error)
	Rows(ctx context.Context) (*sql.Rows, error)
}

// Tables are generic.
//
//resil:timeout 1s
type Tables[T any] interface {
	Scan(ctx context.Context) (Cursor[T], error)
	Each(ctx context.Context) (iter.Seq2[T, error], error)
}

type Cursor[T any] interface {
	Next() bool
	Err() error
	Value() T
}
