package model

import (
	"slices"
	"strings"

	"github.com/resilgen/resilgen/generator/internal/gosrc"
	resil "github.com/resilgen/resilgen/runtime"
)

// Repeats says what is known of a second call of a method with the same arguments.
type Repeats int

const (
	RepeatsByName Repeats = iota // nothing: the words of its name decide
	RepeatsSafely                // it changes nothing that the first call has not changed
	RepeatsTwice                 // it may do again what the first call has done
)

// inheritsRetry reports whether a retry that does not stand on the method itself may
// reach it.
func (m *Method) inheritsRetry() bool {
	switch {
	case m.Policy.Idempotent != nil, m.Repeats == RepeatsSafely, onlyUnsent(m.Policy.Retry):
		return true
	case m.Repeats == RepeatsTwice:
		return false
	}
	return repeatable(m.Name)
}

// onlyUnsent reports whether a retry repeats only attempts that never reached the callee.
func onlyUnsent(r *resil.Retry) bool {
	return len(r.On) == 1 && r.On[0] == resil.NothingSent
}

// The words below are those of method names, in lower case. A word that is in none of
// these sets says nothing, and a method whose name begins with it is not repeated.
var (
	// reads are first words of methods that change nothing.
	reads = wordSet(`get list describe find query search head stat stats status count check ping is has are
		can lookup read load fetch scan show view validate resolve exists exist contains peek presign retrieve
		select inspect preview estimate calculate explain compare diff download locate discover browse enumerate
		detect decrypt encrypt echo whoami health healthcheck info version len size`)

	// sets are first words of methods after which a state or a value is the one that the
	// arguments say, however often they are called.
	sets = wordSet(`set put update replace upsert overwrite ensure enable disable modify change edit patch apply
		configure resize touch tag label annotate mark pin mute hide block star follow suspend pause resume archive
		activate deactivate unset untag unlabel unmark unpin unmute unhide unblock unstar unfollow unarchive
		unpublish`)

	// takesAway are first words of methods after which something is gone or has ended.
	takesAway = wordSet(`delete del remove cancel stop clear reset purge truncate drop erase wipe flush prune evict
		expire invalidate revoke unlink unregister deregister unsubscribe detach disassociate dissociate unassign
		disconnect terminate abort kill leave ack acknowledge`)

	// questions are those of reads that may stand before any verb: CanPublish.
	questions = wordSet(`is has are can`)

	// modifiers may stand before the first word and change nothing about it.
	modifiers = wordSet(`batch bulk multi try must admin`)

	// adds are verbs: a second call may add, send, start or pay again, or use up the next
	// of something.
	adds = wordSet(`create add append insert post send resend publish push enqueue charge pay transfer refund
		increment incr decrement decr submit place issue notify emit order purchase buy sell deposit withdraw debit credit
		allocate reserve book start run execute exec invoke dispatch produce trigger schedule signal register import
		upload copy clone fork merge rotate toggle swap grant lease acquire claim consume pop shift dequeue take redeem
		receive increase decrease open launch generate spend lock process handle move rename commit`)

	// creates are those of adds of which a second one can be told from the first, and two
	// words that are used like them. Finds are reads that may create what they do not find.
	creates = wordSet(`create insert add register put store`)
	finds   = wordSet(`get find load fetch lookup`)

	// counters are those of adds that are never a noun or an adjective in a name.
	counters = wordSet(`add append insert increment incr decrement decr enqueue dequeue pop consume redeem withdraw
		increase decrease incrby decrby`)

	// nouns are those of adds that name a thing as often as an action: GetPost, ListOrders.
	nouns = wordSet(`post charge pay transfer refund issue place order credit debit book run signal
		import upload copy clone fork merge shift lease grant claim deposit purchase schedule start open launch reserve
		trigger dispatch push toggle spend lock process handle move commit`)

	// money are things of which a second one counts, whatever is done with them.
	money = wordSet(`charge payment refund credit debit transfer fee discount coupon bonus balance promo promotion voucher
		gift interest penalty reward cashback transaction operation adjustment delta event leave`)

	// amounts are things of which a call takes a part away: RemoveStock.
	amounts = wordSet(`stock quantity amount balance money fund point credit cash`)

	// entries are things that a log or a queue takes one after the other: PutRecord.
	entries = wordSet(`record event message log metric telemetry task job`)

	// remarks are things that someone leaves somewhere: LeaveComment.
	remarks = wordSet(`message comment review feedback note reply rating voicemail`)

	// visits are things that a call may count, where their plural asks for their number:
	// CountVisit and CountVisits.
	visits = wordSet(`visit hit view click impression attempt use usage`)

	// queues take what is put into them one after the other: PutItemInQueue.
	queues = wordSet(`queue stream topic log outbox inbox mailbox`)
	intos  = wordSet(`in into on onto to`)

	// batches are words after entries that name no other thing: PutRecordBatch.
	batches = wordSet(`batch data`)

	// secrets are things that a reset makes again and sends to someone.
	secrets = wordSet(`password token secret key credential code pin mfa otp`)

	// goodOnce are things that a check uses up: ValidateOTP.
	goodOnce = wordSet(`otp totp nonce captcha`)

	// positions are words with which each call means another thing: RemoveFirst.
	positions = wordSet(`one first last next oldest newest top any random n`)

	// gives are verbs for what hands over something, of which nothing is left to a second
	// call that takes it away: DeleteAndReturn.
	gives = wordSet(`get return returning fetch read`)

	// arranged are words after which by says no amount: SetOrderBy.
	arranged = wordSet(`order sort group filter partition created updated owned managed`)
)

// phrases are pairs of a first and a second word that mean something else than the first.
var phrases = wordSet(`check-in check-out set-up put-up apply-for count-down count-up get-new get-set get-swap
	update-one update-many follow-up ping-back drop-off`)

// repeatable reports whether the words of a method's name say that it can be repeated: it
// reads, or sets something or takes something away, and does nothing else beside.
func repeatable(name string) bool {
	var words []string
	for _, w := range gosrc.Words(name) {
		words = append(words, strings.ToLower(w))
	}
	for len(words) > 1 && modifiers[words[0]] {
		words = words[1:]
	}
	if len(words) == 0 { // as in __
		return false
	}
	if i := slices.IndexFunc(words, isAnd); i > 0 && i < len(words)-1 {
		// What a second read finds is not what the first change left: GetAndIncrement, and
		// GetAndDelete too, whose result is gone if the answer to the first attempt is lost.
		next := words[i+1]
		verb := reads[next] || sets[next] || takesAway[next] || adds[next]
		switch {
		case verb && reads[words[0]] && !reads[next], takesAway[words[0]] && gives[next]:
			return false
		case verb:
			return repeatable(strings.Join(words[:i], "_")) && repeatable(strings.Join(words[i+1:], "_"))
		case i == 1 || positions[words[1]]: // no noun stands before it
			return false
		}
	}
	first, rest := words[0], words[1:]
	if len(rest) == 0 {
		return reads[first] || sets[first] || takesAway[first]
	}
	last := rest[len(rest)-1]
	switch {
	case phrases[first+"-"+rest[0]], reads[first] && len(rest) == 1 && takesAway[last]: // GetDel
		return false
	case onlyOnce(words):
		return true
	case addsOtherwise(words):
		return false
	case questions[first]:
		return true
	case containsAny(rest, counters), adds[last] && !nouns[last]:
		return false
	case reads[first]:
		next := slices.Index(rest, "next") // GetNextID takes an ID, GetNextPage reads
		return next < 0 || slices.ContainsFunc(rest[next:], isPage)
	case takesAway[first] && containsAny(rest, positions),
		takesAway[first] && slices.Contains(rest, "returning"),
		first == "remove" && amounts[singular(last)],
		first == "leave" && remarks[singular(last)],
		first == "reset" && anySingular(rest, secrets),
		first == "apply" && anySingular(rest, money),
		first == "put" && putsEntry(rest),
		sets[first] && (last == "nx" || last == "by" && !arranged[rest[max(0, len(rest)-2)]]): // only if it is not there, and by how much
		return false
	case sets[first], takesAway[first]:
		with := slices.Index(rest, "with")
		return with < 0 || !containsAny(rest[with:], adds) && !anySingular(rest[with:], money)
	}
	return false
}

// putsEntry reports whether words end in something that a log or a queue takes one after
// the other.
func putsEntry(words []string) bool {
	if n := len(words); n > 1 && batches[words[n-1]] {
		words = words[:n-1]
	}
	n := len(words)
	return entries[singular(words[n-1])] || n > 1 && intos[words[n-2]] && queues[words[n-1]]
}

// addsOtherwise reports whether a name whose first word reads says that a call may add
// or use up something: HasOrAdd, CountVisit, ValidateOTP.
func addsOtherwise(words []string) bool {
	first, last := words[0], words[len(words)-1]
	switch {
	case !reads[first]:
		return false
	case first == "count" && visits[last], (first == "validate" || first == "check") && goodOnce[last]:
		return true
	}
	or := slices.Index(words, "or")
	return or == 1 && len(words) > 2 && adds[words[2]]
}

// onlyOnce reports whether the name of a method that may add something says that it adds
// it only once: CreateOrUpdate, CreateIfNotExists, GetOrCreate.
func onlyOnce(words []string) bool {
	first := words[0]
	for i := 1; i < len(words)-1; i++ {
		next, after := words[i+1], strings.Join(words[i+1:], "")
		switch words[i] {
		case "or":
			if creates[first] && sets[next] || (sets[first] || finds[first]) && creates[next] {
				return true
			}
		case "if":
			if creates[first] && (next == "absent" || next == "missing" || strings.HasPrefix(after, "notexist")) {
				return true
			}
		}
	}
	return false
}

func isAnd(word string) bool { return word == "and" || word == "then" }

func isPage(word string) bool { return word == "page" || word == "result" || word == "results" }

func containsAny(words []string, set map[string]bool) bool {
	return slices.ContainsFunc(words, func(w string) bool { return set[w] })
}

// anySingular is containsAny, for words that may be plurals.
func anySingular(words []string, set map[string]bool) bool {
	return slices.ContainsFunc(words, func(w string) bool { return set[singular(w)] })
}

func singular(word string) string { return strings.TrimSuffix(word, "s") }

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
