package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	resil "github.com/resilgen/resilgen/runtime"
)

func Example() {
	service, err := startBackend()
	if err != nil {
		log.Fatal(err)
	}
	defer service.stop()
	ctx, url := context.Background(), "http://"+service.addr

	users, err := NewResilientUserClient(newHTTPUsers(url))
	if err != nil {
		log.Fatal(err)
	}
	defer users.Close()

	user, err := users.GetUser(ctx, 1)
	switch {
	case errors.Is(err, ErrNotFound): // the callee's own error, untouched
		fmt.Println("nobody")
	case errors.Is(err, resil.ErrOpen): // refused: the breaker is open
		fmt.Println("later")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(user.Name)
	}
	// Output: Ada
}
