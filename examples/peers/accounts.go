package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	resil "github.com/resilgen/resilgen/runtime"
)

//go:generate go tool resilgen

// Accounts is what the service does for its peers. Each peer's accounts are in a
// store of its own, and each peer has a breaker of its own: while one store is down,
// only the peer of that store is refused.
//
//resil:timeout 5s
//resil:breaker per=peer consecutive=2 open=2s probes=1
type Accounts interface {
	Balance(ctx context.Context, peer, account string) (int, error)

	// Statement may take several attempts, so it needs more failures in a row before
	// its breaker opens.
	//
	//resil:retry 3 initial=20ms
	//resil:breaker consecutive=5
	Statement(ctx context.Context, peer, account string) (string, error)
}

// ErrNoAccount means that the store works and has no such account.
var ErrNoAccount = errors.New("no such account")

// httpAccounts sends requests to the peers' stores.
type httpAccounts struct {
	stores map[string]*store // by peer
	http   *http.Client
}

func (a *httpAccounts) Balance(ctx context.Context, peer, account string) (balance int, err error) {
	err = a.get(ctx, peer, "/balance/"+account, &balance)
	return balance, err
}

func (a *httpAccounts) Statement(ctx context.Context, peer, account string) (statement string, err error) {
	err = a.get(ctx, peer, "/statement/"+account, &statement)
	return statement, err
}

func (a *httpAccounts) get(ctx context.Context, peer, path string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.stores[peer].url()+path, nil)
	if err != nil {
		return err
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return err // resil classifies network errors
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return ErrNoAccount
	case resp.StatusCode != http.StatusOK:
		return resil.Infra(fmt.Errorf("the store answered %s", resp.Status))
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
