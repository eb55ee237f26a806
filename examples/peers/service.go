package main

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	resil "github.com/resilgen/resilgen/runtime"
)

// A reply is the service's response to a peer, with the state of the peer's breaker.
type reply struct {
	Answer  any     `json:"answer,omitempty"`
	Error   string  `json:"error,omitempty"`
	Breaker breaker `json:"breaker"`
}

// A breaker is the state of the circuit breaker that guards the peer's calls.
type breaker struct {
	Name      string `json:"name"`
	State     string `json:"state"`
	Successes uint64 `json:"successes"`
	Failures  uint64 `json:"failures"`
	Opened    uint64 `json:"opened"` // how many times
	LastError string `json:"lastError,omitempty"`
}

// newService returns the handler of the accounts service. A peer sends its name in the
// header Peer. In a real service it would prove its name with a certificate.
func newService(accounts Accounts, peers map[string]*store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /balance/{account}", func(w http.ResponseWriter, r *http.Request) {
		balance, err := accounts.Balance(r.Context(), r.Header.Get("Peer"), r.PathValue("account"))
		respond(w, r, "Accounts", balance, err)
	})
	mux.HandleFunc("GET /statement/{account}", func(w http.ResponseWriter, r *http.Request) {
		statement, err := accounts.Statement(r.Context(), r.Header.Get("Peer"), r.PathValue("account"))
		respond(w, r, "Accounts.Statement", statement, err)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peers[r.Header.Get("Peer")] == nil {
			http.Error(w, "unknown peer", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// respond sends the peer the result of a call and the state of its own breaker, which
// comes from the registry in the request's context.
func respond(w http.ResponseWriter, r *http.Request, breakerName string, answer any, err error) {
	stats := resil.FromContext(r.Context()).Client("Accounts").Stats()
	own := stats.Breaker(breakerName, r.Header.Get("Peer"))
	result := reply{Breaker: breaker{
		Name:      own.Name,
		State:     own.State.String(),
		Successes: own.Successes,
		Failures:  own.Failures,
		Opened:    own.Opened,
	}}
	if own.LastError != nil {
		result.Breaker.LastError = own.LastError.Error()
	}

	status := http.StatusOK
	var refused *resil.Error
	switch {
	case err == nil:
		result.Answer = answer
	case errors.Is(err, ErrNoAccount):
		status = http.StatusNotFound
	case errors.Is(err, resil.ErrOpen) && errors.As(err, &refused):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(refused.RetryAfter())))
	default:
		status = http.StatusBadGateway
	}
	if err != nil {
		result.Error = err.Error()
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(result)
}

// wholeSeconds returns d in the unit of Retry-After, rounded up: a peer must not try
// again too early.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
