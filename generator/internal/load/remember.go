package load

import "encoding/json"

// runSuffix is for the result of a run that left all outputs right.
const runSuffix = ".run"

// Recall sets result to what an earlier run has returned, and reports true, if
// nothing that decides it has changed since.
func (l *Loader) Recall(result any) bool {
	old, ok := recall[json.RawMessage](l.cache, runSuffix)
	return ok && json.Unmarshal(old, result) == nil
}

// A Done is what a run has done with the packages. Its files are absolute paths.
type Done struct {
	Result   any               // what Recall is to return; nil if something is left to do or to report
	Contents map[string][]byte // outputs that are new or changed, by path
	Outputs  []string          // those that were there and stay
	Removed  []string
}

// Remember stores what may save the next run some work.
func (l *Loader) Remember(done Done) {
	if l.cache.path == "" {
		return
	}
	d := l.digester(done)
	l.storeGraph(d)
	if done.Result != nil {
		l.storeRun(done.Result, d)
	}
	l.storeListing(d)
}

func (l *Loader) storeRun(result any, d *digester) {
	if l.cgo { // a C header may decide something, and no digest is taken of those
		return
	}
	in, err := l.inputs(d)
	if err != nil {
		return
	}
	store(l.cache, runSuffix, result, in, d)
	l.cache.expire()
}
