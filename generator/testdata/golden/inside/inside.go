package inside

import "context"

// A Command holds its error, as the commands of some clients do.
type Command[T any] struct {
	value T
	err   error
}

func (c *Command[T]) Err() error       { return c.err }
func (c *Command[T]) SetErr(err error) { c.err = err }
func (c *Command[T]) Result() (T, error) {
	return c.value, c.err
}

type Text = Command[string]

// A Row tells its error when it is scanned.
type Row interface{ Scan(dest ...any) error }

// A Mute holds an error that nobody can set.
type Mute struct{ err error }

func (m *Mute) Err() error { return m.err }

// Commands are those of a client whose results hold their errors.
//
//resil:timeout 2s attempt=500ms
//resil:retry
//resil:breaker
type Commands interface {
	// Get returns the value of a key.
	Get(ctx context.Context, key string) *Text
	GetCount(ctx context.Context, keys ...string) *Command[int]

	//resil:fallback cached
	Find(ctx context.Context, result string) (dest *Text)

	//resil:idempotent
	//resil:hedge 50ms
	Read(ctx context.Context) *Text

	//resil:idempotent
	//resil:hedge 50ms
	//resil:fallback hedged
	//resil:breaker per=key
	Lookup(ctx context.Context, key string) *Text

	QueryRow(ctx context.Context, dest string, args ...any) Row

	//resil:fallback empty
	//resil:breaker per=sql
	QueryOne(ctx context.Context, sql string) Row

	// Ask has a result that takes no other error: nothing guards it.
	Ask(ctx context.Context) *Mute
	// Do has no context.
	Do(args ...any) *Text
}

func cached(context.Context, string, error) *Text        { return &Text{} }
func hedged(context.Context, string, error) *Text        { return &Text{} }
func empty(_ context.Context, _ string, cause error) Row { return nil }
