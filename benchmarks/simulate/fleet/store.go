package fleet

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/resilgen/resilgen/internal/lease"
)

// A Store is what the processes share the limit through, and the network to it. It serves
// one request after the other: asks, and once a second one of each process that says that
// it is there, and reads what is new.
type Store struct {
	Trip    time.Duration // the median of one way, half as long as a round trip
	Slow    float64       // how many times as long the 99th percentile is
	Service time.Duration // of one request, on average

	GoneFrom, GoneTo time.Duration // asks that come in this time are lost
	Wiped            time.Duration // when it forgets everything; 0 for never
}

// Redis is one Redis in the same data centre. The service time was measured with the scripts
// of package resilredis on redis-server 7.0.15: 21 to 24 µs of processor time for an ask, and
// 19 to 24 µs for a read, sockets included, with 50 connections, and 50 to 10,000 processes
// that ask.
var Redis = Store{Trip: 150 * time.Microsecond, Slow: 7, Service: 25 * time.Microsecond}

// Timeout is how long package resilredis waits for an answer.
const Timeout = 50 * time.Millisecond

// A server is a store at work.
type server struct {
	Store
	rate   float64
	depth  int
	bucket lease.Bucket
	free   time.Duration // when it has served all that have come
	wiped  bool
	beat   time.Duration // when the next process reads
	beats  time.Duration // between two of them
	busy   time.Duration // time at work so far
	chance *rand.Rand
}

func newServer(s Scenario) server {
	return server{Store: s.Store, rate: s.Rate, depth: s.Depth(), beats: time.Second / time.Duration(s.Processes), chance: rand.New(rand.NewPCG(s.Seed, 2))}
}

// oneWay is how long an ask is under way to the store, or an answer back.
func (s *server) oneWay() time.Duration {
	const percentile99 = 2.326 // of the normal distribution
	return time.Duration(float64(s.Trip) * math.Exp(s.chance.NormFloat64()*math.Log(max(s.Slow, 1))/percentile99))
}

// serve serves an ask that comes now, and returns when that is done. It reports false for
// one that is lost.
func (s *server) serve(now time.Duration, want, who int) (g lease.Grant, done time.Duration, ok bool) {
	if now >= s.GoneFrom && now < s.GoneTo {
		s.free = s.GoneTo
		return g, 0, false
	}
	if s.Wiped > 0 && now >= s.Wiped && !s.wiped {
		s.wiped, s.bucket = true, lease.Bucket{}
	}
	for ; s.beat <= now; s.beat += s.beats {
		s.work(s.beat)
	}
	return s.bucket.Take(s.work(now), s.rate, s.depth, want, who), s.free, true
}

// work is that of one request that comes at a time. It returns when that is done.
func (s *server) work(at time.Duration) (done time.Duration) {
	took := time.Duration(float64(s.Service) * (0.8 + 0.4*s.chance.Float64()))
	s.free = max(s.free, at) + took
	s.busy += took
	return s.free
}
