// Clients wraps clients of real libraries, builds and vets the wrappers, and writes what
// guards their methods as a table that a person reads, corpus/testdata/clients.md.
//
//	clients [-update] [-o folder] [clients]
//
// Each client gets a timeout, a retry, a breaker and a limit for all of its methods. Where
// resilgen refuses that, the client gets the line that the refusal says to write, and the
// table says which methods these are. It runs in the folder of the module corpus. Without
// -update it compares, and the exit code is 1 if something differs or fails. Names of
// clients, as in pgxpool.Pool, wrap just these and print their part.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
)

// golden is the file with the table.
var golden = filepath.Join("testdata", "clients.md")

func main() {
	update := flag.Bool("update", false, "write the table again")
	folder := flag.String("o", "", "keep the wrappers in this `folder`, which must be new or empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *folder, *update, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string, update bool, names []string) (err error) {
	chosen := slices.Clone(clients)
	for _, name := range names {
		if !slices.ContainsFunc(chosen, func(c client) bool { return c.name == name }) {
			return fmt.Errorf("there is no client %s", name)
		}
	}
	if len(names) > 0 {
		chosen = slices.DeleteFunc(chosen, func(c client) bool { return !slices.Contains(names, c.name) })
	}
	if folder == "" {
		if folder, err = os.MkdirTemp("", "clients"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	}
	table, err := wrap(ctx, folder, chosen)
	switch {
	case err != nil:
		return err
	case len(names) > 0:
		_, err = os.Stdout.Write(table)
		return err
	case update:
		return os.WriteFile(golden, table, 0o666)
	}
	old, err := os.ReadFile(golden)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, table) {
		changed := golden + ".new"
		if err := os.WriteFile(changed, table, 0o666); err != nil {
			return err
		}
		return fmt.Errorf("%s differs from %s, which is what the wrappers do now; read the difference, and run: go run ./clients -update", golden, changed)
	}
	return nil
}
