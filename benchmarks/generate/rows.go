package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A row is one race: every contestant generates for its copy of the same workload in
// the same state.
type row struct {
	interfaces int
	state      state
}

// A state is the state of a workload before each run.
type state string

const (
	first     state = "first run"
	missing   state = "outputs missing"
	edited    state = "every package edited"
	unchanged state = "nothing changed"
	empty     state = "empty build cache, outputs missing"
)

// most is the number of interfaces in the workload that targets use.
const most = 200

var rows = []row{
	{1, first}, {1, missing}, {1, edited}, {1, unchanged},
	{20, first}, {20, missing}, {20, edited}, {20, unchanged},
	{most, first}, {most, missing}, {most, edited}, {most, unchanged}, {most, empty},
}

func (r row) String() string {
	switch packages := len((workload{interfaces: r.interfaces}).packages()); {
	case r.interfaces == 1:
		return fmt.Sprintf("1 interface, %s", r.state)
	case packages == 1:
		return fmt.Sprintf("%d interfaces, %s", r.interfaces, r.state)
	default:
		return fmt.Sprintf("%d interfaces in %d packages, %s", r.interfaces, packages, r.state)
	}
}

// practice returns the number of runs before the first round. They fill the build
// cache, as earlier runs of a user do.
func (s state) practice() int {
	switch s {
	case empty:
		return 0
	case unchanged:
		return 2 // one without outputs, one with them
	default:
		return 1
	}
}

// entering returns the contestants for this state. For a first run these are only
// resilgen and the references, because the others have no cache.
func (s state) entering(contestants []contestant) []contestant {
	if s != first {
		return contestants
	}
	return slices.DeleteFunc(slices.Clone(contestants), func(c contestant) bool {
		return c.name != golist && c.name != bareload && c.name != resil
	})
}

// outputs reports whether the outputs exist before a run.
func (s state) outputs() bool { return s == edited || s == unchanged }

// enter brings a workload into the state, for the nth time. It returns the environment
// variables that the run needs. The folder scratch is empty, and removed after the run.
func (s state) enter(w workload, c contestant, n int, scratch string) (env []string, err error) {
	var caches []string
	switch s {
	case edited:
		return nil, w.edit(n)
	case unchanged:
		return nil, nil
	case first:
		caches = []string{"XDG_CACHE_HOME"}
	case empty:
		caches = []string{"GOCACHE", "XDG_CACHE_HOME"}
	}
	for _, name := range caches {
		dir := filepath.Join(scratch, name)
		if err := os.Mkdir(dir, 0o777); err != nil {
			return nil, err
		}
		env = append(env, name+"="+dir)
	}
	return env, c.removeOutputs(w)
}
