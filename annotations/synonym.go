package annotations

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/resilgen/resilgen/internal/directive"
)

// The words that other libraries, and other languages' libraries, use for what a
// directive, a key or a value does, by our word for it. They stand in lower case and
// without the signs between their parts.
var (
	directiveSynonyms = map[string]string{
		"retry":      "retries retryable retrying retrypolicy repeat attempts maxattempts maxretries backoff exponentialbackoff",
		"breaker":    "circuitbreaker circuit cb hystrix fuse trip outlierdetection",
		"limit":      "ratelimit ratelimiter ratelimiting rps qps rate throttle throttling throttler limiter quota tokenbucket leakybucket",
		"bulkhead":   "concurrency maxconcurrent maxconcurrency concurrencylimit semaphore parallel maxparallel isolation isolate maxinflight inflight pool",
		"timeout":    "deadline timelimiter timelimit timeouts maxduration ttl",
		"hedge":      "hedging hedgedrequest speculative speculativeretry backuprequest backup",
		"fallback":   "default orelse recover degrade failover",
		"classify":   "retryif retryon handle handles errors errorclass classifier errorclassifier ignoreerrors isfailure issuccessful",
		"idempotent": "idempotency safe pure readonly nosideeffects idempotencykey",
		"skip":       "exclude ignore none nowrap passthrough bypass disable disabled",
		"wrap":       "wrapper generate gen decorate proxy resilient enable guard protect",
		"use":        "apply include extends mixin preset inherit",
		"profile":    "template group policy policies defaults define config",
		"allow":      "nolint waive suppress ignorecheck permit",
		"interface":  "extract mock iface derive",
	}
	keySynonyms = map[string]map[string]string{
		"retry": {
			"attempts": "maxattempts tries maxtries times count n limit stop stopafterattempt",
			"initial":  "delay initialdelay initialinterval initialbackoff mindelay min minbackoff mininterval base basedelay wait waitduration sleep interval period fixeddelay pause",
			"max":      "maxdelay maxinterval maxbackoff maxwait cap ceiling maxsleep upper",
			"factor":   "multiplier exponent growth rate coefficient exponentialbackoffmultiplier",
			"backoff":  "strategy kind type policy delaytype schedule algorithm",
			"jitter":   "random randomize randomization randomizationfactor randomdelay spread",
			"on":       "if when errors retryon retryif retryonerrors retryable classes codes status statuses statuscodes exceptions for",
			"budget":   "retrybudget ratio maxratio percent percentage tokens",
		},
		"breaker": {
			"consecutive": "failures maxfailures threshold failurethreshold consecutivefailures errors maxerrors count trip tripafter after limit",
			"ratio":       "errorrate failurerate errorratio failureratio rate percent percentage errorpercent errorthreshold errorthresholdpercentage failureratethreshold",
			"min":         "minrequests minimum minimumnumberofcalls minthroughput minimumthroughput requestvolumethreshold volume volumethreshold samples minsamples requests",
			"window":      "interval period slidingwindow slidingwindowsize windowsize rolling rollingwindow samplingduration statinterval bucketperiod",
			"open":        "timeout cooldown sleep sleepwindow reset resettimeout resetafter opentimeout opentime openduration openinterval waitduration waitdurationinopenstate breakduration durationofbreak delay halfopenafter wait recovery recoverytimeout",
			"probes":      "halfopen halfopencalls halfopenmax halfopenrequests maxrequests maxhalfopen permittednumberofcallsinhalfopenstate successes successthreshold trials probe closeafter",
			"slow":        "slowcall slowcallduration slowcalldurationthreshold slowthreshold latency maxlatency",
			"ramp":        "rampup slowstart warmup recoverytime",
			"scope":       "distributed cluster fleet shared global share extent",
		},
		"limit": {
			"rate":  "rps qps limit max requests calls limitforperiod permits",
			"burst": "burstsize size capacity bucket bucketsize tokens",
			"wait":  "maxwait timeout timeoutduration waittimeout maxdelay block blocking",
			"queue": "queuesize maxqueue queuelimit waiting maxwaiting pending backlog",
			"hints": "retryafter hint",
			"scope": "distributed cluster fleet shared global share extent redis store",
		},
		"bulkhead": {
			"calls": "max maxconcurrent maxconcurrentcalls maxconcurrency concurrency concurrent limit size permits parallel maxparallel maxparallelism workers n count slots",
			"wait":  "maxwait maxwaitduration timeout waittimeout maxdelay block",
			"queue": "queuesize maxqueue maxqueuing queuelimit waiting maxwaiting pending backlog",
		},
		"timeout": {
			"total":   "timeout duration limit max after deadline overall call all value",
			"attempt": "perattempt attempttimeout pertry pertrytimeout each per try percall request single",
		},
		"hedge": {
			"delay": "after wait threshold hedgedelay initial interval timeout",
			"max":   "attempts maxattempts hedges maxhedges maxhedgedattempts copies count extra",
		},
		"fallback": {
			"func": "to with function fn call method name handler use",
		},
		"classify": {
			"by":        "with func function fn classifier using method",
			"app":       "application ignore ignored ignoreerrors ignoreexceptions permanent nonretryable answer answers expected business abort",
			"infra":     "infrastructure retry retryable retryon retryif transient temporary record failure failures errors handle",
			"system":    "fatal config broken",
			"throttled": "throttle ratelimit ratelimited ratelimiting toomanyrequests slowdown",
		},
		"idempotent": {
			"token": "key field tokenfield idempotencykey idempotencytoken clienttoken requestid param header",
		},
		"wrap":      {"name": "as to type wrapper into typename"},
		"interface": {"name": "as to interface", "from": "type of source struct for client"},
		"use":       {"name": "profile"},
		"profile":   {"name": "as"},
		"allow":     {"code": "check error rule", "reason": "why because comment"},
	}
	// sharedSynonyms are those of keys that stand in every directive, or in each guard.
	sharedSynonyms = map[string]string{
		"methods": "method only include includes funcs functions names select match targets",
	}
	guardSynonyms = map[string]string{
		"per":  "by key keyed partition shard keyby",
		"keys": "maxkeys size cardinality",
		"mode": "dryrun shadow observe enforce report",
	}
	valueSynonyms = map[string]map[string]string{
		"retry.backoff": {
			"exponential": "exp expo exponentialbackoff exponentialjitter binary doubling geometric truncatedexponential",
			"constant":    "const fixed static fixeddelay none",
			"linear":      "incremental arithmetic increasing lin",
			"fibonacci":   "fib",
		},
		"retry.jitter": {
			"full":         "true yes on random fulljitter uniform",
			"none":         "false no off zero nojitter",
			"equal":        "half equaljitter",
			"decorrelated": "decorr decorrelatedjitter aws",
		},
		"retry.on": {
			"infrastructure": "timeout timeouts timedout deadline deadlineexceeded network connection connectionerror io transport unavailable transient temporary retryable retriable gatewayerror connectfailure reset refusedstream infra server servererror eof",
			"throttled":      "throttle throttling ratelimit ratelimited toomanyrequests resourceexhausted overloaded slowdown",
			"application":    "app notfound client clienterror invalid business",
			"system":         "config certificate tls fatal",
			"unknown":        "other others unclassified internal",
			"unsent":         "notsent nothingsent connect connecterror dial",
		},
		"breaker.scope": scopeSynonyms,
		"limit.scope":   scopeSynonyms,
		"breaker.mode":  modeSynonyms,
		"limit.mode":    modeSynonyms,
		"bulkhead.mode": modeSynonyms,
	}
	scopeSynonyms = map[string]string{
		"process": "local instance replica pod none false off",
		"fleet":   "cluster global distributed shared all redis service true on",
	}
	modeSynonyms = map[string]string{
		"observe": "dryrun shadow report monitor watch log count test true off",
		"enforce": "on active block refuse strict false",
	}
)

// missing are directives that there is none for, with what does it instead.
var missing = map[string]string{
	"cache":        "resilgen does not cache: write the cache as a wrapper of the interface, and guard what it wraps",
	"memoize":      "resilgen does not cache: write the cache as a wrapper of the interface, and guard what it wraps",
	"singleflight": "resilgen does not merge calls: write a wrapper with golang.org/x/sync/singleflight, and guard what it wraps",
	"dedupe":       "resilgen does not merge calls: write a wrapper with golang.org/x/sync/singleflight, and guard what it wraps",
	"metrics":      "the stats of every wrapper are there without a directive: see Client.Stats and resil.WithObserver",
	"stats":        "the stats of every wrapper are there without a directive: see Client.Stats and resil.WithObserver",
	"trace":        "no directive is needed to trace attempts: see resil.WithAttempts",
	"tracing":      "no directive is needed to trace attempts: see resil.WithAttempts",
	"log":          "no directive is needed to log: see resil.LogObserver",
	"logging":      "no directive is needed to log: see resil.LogObserver",
}

// plain returns a name as the tables of synonyms have it.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(name))
}

// ours returns the word whose synonyms contain a name; "" if there is none.
func ours(synonyms map[string]string, name string) string {
	name = plain(name)
	for word, others := range synonyms {
		for other := range strings.FieldsSeq(others) {
			if other == name {
				return word
			}
		}
	}
	return ""
}

// directiveFor returns the directive that others call by another name; "" if there is none.
func directiveFor(name string) string { return ours(directiveSynonyms, name) }

// translate replaces the message of a problem where the directive uses the word of another
// library for something that there is here.
func (d *Directive) translate(p *directive.Problem) {
	switch p.Code {
	case directive.CodeDirective:
		if name := directiveFor(d.Name); name != "" {
			p.Message = fmt.Sprintf("unknown directive %q; write //resil:%s", d.Name, name)
		} else if why := missing[plain(d.Name)]; why != "" {
			p.Message = fmt.Sprintf("unknown directive %q: %s", d.Name, why)
		}
	case directive.CodeKey:
		for _, w := range d.Words {
			if w.Start == p.Start && w.End == p.End && w.Key != "" {
				if message := d.translateKey(w); message != "" {
					p.Message = message
				}
			}
		}
	case directive.CodeValue:
		for _, w := range d.Words {
			if w.ValueStart != p.Start || w.End != p.End {
				continue
			}
			key := strings.TrimPrefix(p.Field, d.Name+".")
			for entry := range strings.SplitSeq(w.Value, ",") {
				if hint := translateValue(p.Field, strings.TrimSpace(entry)); hint != "" {
					p.Message = fmt.Sprintf("%s: %q: %s", key, strings.TrimSpace(entry), hint)
					break
				}
			}
		}
	}
}

// translateKey returns the message about a word with an unknown key.
func (d *Directive) translateKey(w directive.Word) string {
	unknown := fmt.Sprintf("unknown key %q; ", w.Key)
	switch name := plain(w.Key); {
	case d.Name == "retry" && (name == "retries" || name == "maxretries" || name == "retry"):
		if n, err := strconv.Atoi(w.Value); err == nil && n >= 0 {
			return unknown + fmt.Sprintf("write attempts=%d, which counts the first call too", n+1)
		}
		return unknown + "write attempts=, which counts the first call too"
	case d.Name == "retry" && (name == "timeout" || name == "pertrytimeout" || name == "attempttimeout" || name == "perattempt"):
		return unknown + "write //resil:timeout attempt=" + w.Value
	case d.Name == "retry" && (name == "deadline" || name == "maxelapsed" || name == "maxelapsedtime" || name == "maxduration" || name == "total"):
		return unknown + "write //resil:timeout " + w.Value
	case d.Name == "limit" && (name == "window" || name == "period" || name == "interval" || name == "every" || name == "limitrefreshperiod"):
		return unknown + "the span of time is part of the rate: write //resil:limit 10/" + w.Value
	case d.Name == "bulkhead" && (name == "scope" || name == "fleet" || name == "cluster" || name == "distributed" || name == "global"):
		return unknown + "a bulkhead counts the calls of its own process: leave " + w.Key + " out, and write each process's part as the number; limit and breaker have scope=fleet"
	case d.Name != "wrap" && (name == "name" || name == "id"):
		return unknown + "a " + d.Name + " is called after the interface or method above which it stands: remove it"
	case name == "except" || name == "exclude" || name == "excludes" || name == "not":
		return unknown + "methods= chooses what a directive reaches; write //resil:" + d.Name + " off methods=" + w.Value
	}
	ratio := strings.HasSuffix(w.Value, "%")
	key := ours(keySynonyms[d.Name], w.Key)
	if d.Name == "breaker" && key == "consecutive" && ratio {
		key = "ratio"
	}
	if key == "" {
		key = ours(sharedSynonyms, w.Key)
	}
	if guard := d.Name == "breaker" || d.Name == "limit" || d.Name == "bulkhead"; key == "" && guard {
		key = ours(guardSynonyms, w.Key)
	}
	switch key {
	case "":
		return ""
	case "scope":
		return unknown + "write scope=" + cmp.Or(ours(scopeSynonyms, w.Value), "fleet")
	}
	return unknown + "write " + key + "=" + w.Value
}

var (
	status    = regexp.MustCompile(`^([45])([0-9x][0-9x])$`)
	errorName = regexp.MustCompile(`^\*?(?:[\w./]+\.)?(?:Err[A-Z]\w*|[A-Z]\w*Err(?:or)?)$`)
)

// translateValue returns what to write instead of a value; "" if that is not known.
func translateValue(field, value string) string {
	if field == "retry.on" {
		switch m := status.FindStringSubmatch(strings.ToLower(value)); {
		case m != nil && value == "429":
			return "on takes classes of errors, and 429 is throttled; write on=throttled"
		case m != nil && m[1] == "5":
			return "on takes classes of errors, and " + value + " is infrastructure; write on=infrastructure"
		case m != nil:
			return "on takes classes of errors, and " + value + " is application; write on=application"
		case errorName.MatchString(value):
			return "on takes classes of errors: write //resil:classify infra=" + value
		}
		switch plain(value) {
		case "all", "any", "always", "error", "errors", "every", "*":
			return "on takes classes of errors; write on=infrastructure,throttled,unknown"
		case "never", "none":
			return "write //resil:retry off"
		}
	}
	word := ours(valueSynonyms[field], value)
	if word == "" {
		return ""
	}
	_, key, _ := strings.Cut(field, ".")
	if field == "retry.on" {
		return "on takes classes of errors, and this one is " + word + "; write on=" + word
	}
	return "write " + key + "=" + word
}
