package main

import (
	"runtime"
	"testing"
)

func TestAfterCollectionCallsAgainUntilFalse(t *testing.T) {
	calls := make(chan int, 3)
	n := 0
	afterCollection(func() (again bool) {
		n++
		calls <- n
		return n < 2
	})
	for want := 1; want <= 2; want++ {
		for len(calls) == 0 {
			runtime.GC()
			runtime.Gosched()
		}
		if got := <-calls; got != want {
			t.Fatalf("call %d, want %d", got, want)
		}
	}
	for range 3 {
		runtime.GC()
	}
	if len(calls) > 0 {
		t.Error("there is a call after one that returned false")
	}
}

func TestLiveHeapIsKnownAfterCollection(t *testing.T) {
	runtime.GC()
	if got := liveHeap(); got == 0 {
		t.Error("the live heap has 0 bytes, want more")
	}
}
