//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	resilredis "github.com/resilgen/resilgen/integrations/redis"
	resil "github.com/resilgen/resilgen/runtime"
)

// childEnv has the settings of a process of the fleet. Where it is set, this program is one.
const childEnv = "RESILGEN_FLEET_PROCESS"

// settings are those of a process.
type settings struct {
	Redis   string // its address, or that of a proxy
	Backend string // URL
	Limit   string // in force in place of that of Users
}

// A request is what a process is told, as a line of JSON.
type request struct {
	Load   *float64 // calls a second from now on
	Sick   *bool    // whether its calls fail
	Begin  bool     // to measure again
	State  bool     // wants a report without measurements
	Report bool     // wants a report
}

// A line is what a process says, as a line of JSON.
type line struct {
	At     time.Time
	Fleet  string       `json:",omitempty"` // the status that has changed to this
	To     *resil.State `json:",omitempty"` // of the breaker
	Why    string       `json:",omitempty"` // the rule by which the breaker left its state
	Limit  string       `json:",omitempty"` // in force from now on
	Report *report      `json:",omitempty"`
}

// A report is what was measured since that began, and the state of things.
type report struct {
	Offered   int
	Admitted  []time.Duration // what calls that got through waited before
	Refused   []time.Duration // what others took
	Late      []time.Duration // how late sleeps ended: what the machine adds to all times
	Asks      uint64          // answered, since the start
	AsksLost  uint64          // failed, since the start
	Processes int
	Status    string
}

// A child is a process of the fleet.
type child struct {
	settings
	users  *ResilientUsers
	remote *remote
	load   atomic.Pointer[float64]

	mu  sync.Mutex
	out *json.Encoder
	now report
}

// runChild is what a process of the fleet does until its input ends.
func runChild(in io.Reader, out io.Writer) error {
	redis.SetLogger(&logging.VoidLogger{})
	c := &child{out: json.NewEncoder(out)}
	if err := json.Unmarshal([]byte(os.Getenv(childEnv)), &c.settings); err != nil {
		return err
	}
	c.remote = &remote{
		url:     c.Backend,
		client:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		entered: c.entered,
	}
	fleet := resilredis.New(redis.NewClient(&redis.Options{Addr: c.Redis}))
	defer fleet.Close()
	users, err := NewResilientUsers(c.remote, resil.WithFleet(fleet), resil.WithObserver(c.observe),
		resil.WithOverrides(resil.Overrides{"Users": {"limit": c.Limit}}))
	if err != nil {
		return err
	}
	c.users = users
	go c.call()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		if r.Load != nil {
			c.load.Store(r.Load)
		}
		if r.Sick != nil {
			c.remote.sick.Store(*r.Sick)
		}
		if r.Begin {
			c.mu.Lock()
			c.now = report{}
			c.mu.Unlock()
		}
		if r.State || r.Report {
			c.report(r.Report)
		}
	}
	return lines.Err()
}

func (c *child) say(l line) {
	l.At = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Encode(l)
}

func (c *child) observe(_ context.Context, e resil.Event) {
	switch e.Kind {
	case resil.EventFleet:
		c.say(line{Fleet: e.Fleet.String()})
	case resil.EventStateChanged:
		l := line{To: &e.To}
		if e.Opening != nil {
			l.Why = e.Opening.Rule.String()
		}
		c.say(l)
	case resil.EventApplied:
		c.say(line{Limit: fmt.Sprint(c.users.Resilience().Stats().Limit("Users").Rate)})
	}
}

func (c *child) report(all bool) {
	f := c.users.Resilience().Stats().Fleet
	var r report
	if all {
		c.mu.Lock()
		r = c.now
		c.now = report{}
		c.mu.Unlock()
	}
	r.Asks, r.AsksLost, r.Processes, r.Status = f.Asks, f.AsksLost, f.Processes, f.Status.String()
	c.say(line{Report: &r})
}

// call calls at random times, whether or not earlier calls have ended, so many times a second
// as load says.
func (c *child) call() {
	next := time.Now()
	for {
		perSecond := c.load.Load()
		if perSecond == nil || *perSecond == 0 {
			time.Sleep(time.Millisecond)
			next = time.Now()
			continue
		}
		next = next.Add(time.Duration(rand.ExpFloat64() / *perSecond * float64(time.Second)))
		if d := time.Until(next); d > 0 {
			time.Sleep(d)
			late := time.Since(next)
			c.mu.Lock()
			c.now.Late = append(c.now.Late, late)
			c.mu.Unlock()
		}
		go c.one()
	}
}

// began is the key of the time at which a call began, and of whether it got through.
type began struct{}

type attempt struct {
	at      time.Time
	through bool
}

func (c *child) one() {
	a := &attempt{at: time.Now()}
	c.users.Name(context.WithValue(context.Background(), began{}, a), 7)
	took := time.Since(a.at)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Offered++
	if !a.through {
		c.now.Refused = append(c.now.Refused, took)
	}
}

func (c *child) entered(ctx context.Context) {
	a := ctx.Value(began{}).(*attempt)
	waited := time.Since(a.at)
	a.through = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.Admitted = append(c.now.Admitted, waited)
}
