package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	resil "github.com/resilgen/resilgen/runtime"
)

// send makes a request with body as JSON, or without a body if that is nil. It decodes the
// response into answer if that is not nil.
func send(ctx context.Context, client *http.Client, method, url string, body, answer any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return &responseError{resp.StatusCode, resil.HTTPResponse(resp.StatusCode, resp.Header)}
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}

// A responseError is a response that is not a success, and what it says of the service.
type responseError struct {
	status  int
	verdict resil.Verdict
}

func (e *responseError) Error() string {
	return fmt.Sprintf("the service responds %d %s", e.status, http.StatusText(e.status))
}

// byResponse classifies responses: a 503 counts against the service, a 404 does not. It
// leaves other errors to resil.
func byResponse(err error) resil.Verdict {
	if e, ok := errors.AsType[*responseError](err); ok {
		return e.verdict
	}
	return resil.Verdict{}
}
