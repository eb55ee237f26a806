package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
)

// A store keeps one peer's accounts.
type store struct {
	node
	balances map[string]int
	busy     atomic.Int64 // how many more requests get a 503
}

func newStore(balances map[string]int) *store {
	s := &store{balances: balances}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /balance/{account}", s.answer(func(_ string, balance int) any {
		return balance
	}))
	mux.HandleFunc("GET /statement/{account}", s.answer(func(account string, balance int) any {
		return fmt.Sprintf("%s owns %d", account, balance)
	}))
	s.node = node{handler: mux, ctx: context.Background()}
	return s
}

// answer returns a handler that responds with the content for an account.
func (s *store) answer(content func(account string, balance int) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		account := r.PathValue("account")
		balance, ok := s.balances[account]
		switch {
		case s.busy.Add(-1) >= 0:
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		case !ok:
			http.NotFound(w, r)
		default:
			json.NewEncoder(w).Encode(content(account, balance))
		}
	}
}
