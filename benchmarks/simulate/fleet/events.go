package fleet

import (
	"container/heap"
	"time"

	"github.com/resilgen/resilgen/internal/lease"
)

// An event is something that happens to a process or its ask at a time.
type event struct {
	at   time.Duration
	kind kind
	who  int

	tokens, busy int           // asked for, or granted
	sent         time.Duration // when an ask was sent
	next, until  time.Duration
}

type kind uint8

const (
	call   kind = iota // somebody calls the process
	arrive             // an ask comes to the store
	answer             // an answer comes back
	fail               // none has come
	look               // callers who wait give up
	stop               // the process stops, until a time
)

func (e event) grant() lease.Grant { return lease.Grant{Tokens: e.tokens, Busy: e.busy, Next: e.next} }

// events are those to come, the next first.
type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, k int) bool { return e[i].at < e[k].at }
func (e events) Swap(i, k int)      { e[i], e[k] = e[k], e[i] }
func (e *events) Push(v any)        { *e = append(*e, v.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (e *events) add(v event) { heap.Push(e, v) }
func (e *events) take() event { return heap.Pop(e).(event) }
