// Package lease decides how one process takes its part of a rate limit that many processes
// share. It has no clock, no goroutine and no store of its own: who uses it says what time
// it is, carries the asks to the store and hands back the answers. So it runs in virtual
// time too, and a simulation can play thousands of processes with it.
//
// The store holds one token bucket. A process asks it for several tokens at once, a lease,
// and spends them without asking again.
//
//   - A lease ends [TTL] after it was asked for. Tokens that are left then are lost, and
//     none is ever given back: a bucket that took tokens back would grant them twice.
//   - A process asks for what its calls of the last lease wanted, less what it has, and it
//     asks when half of that is spent, so that the answer is there before the rest is.
//   - An answer that is less than what was asked for says that the limit is reached. The
//     process then pauses for [Pause]. Where its 1.5 fold part of that time is less than one
//     token, the pause lasts until it is one, up to five leases. Where
//     more than 1,000 processes ask, it grows with their number: up to 20,000 processes
//     together ask at most 20,000 times a second. After a slow answer it is four times as
//     long as the answer took, up to a lease.
//   - While that lasts it asks for at most 1.5 times its part of what has come since it asked
//     last. Those who ask first after a pause would get everything otherwise. An answer that
//     grants all of that doubles it, so that a busy process beside idle ones soon gets more.
//   - A process without tokens may go ahead of an answer that is under way, by its part of
//     one lease, and pays that back from the next grants. So a quiet process need not wait
//     for a round trip. Where the part is less than one token, or where nobody knows how many
//     processes there are, calls wait up to [Patience] for the answer, and then one goes ahead.
//   - An ask that failed, or that has no answer after [TTL], says that the store is lost.
//     Then the process must limit itself by other means until an answer comes. It keeps
//     asking, one [Pause] after the other.
//
// # Bound
//
// Let rate be the limit's, and depth its burst, or what comes in a [Pause] if that is more.
// In any time W the store grants at most rate×W + depth. What a process admits in that time
// was granted in it, or in the [TTL] before, or was taken ahead of a grant to come. So while
// the store answers, all processes together admit at most
//
//	rate × W + depth + rate × TTL + ahead
//
// where ahead is the part of one lease of each process: together no more than rate × TTL,
// or one token of each process if the store takes longer than [Patience] to answer.
//
// A process that has lost the store has its part of the limit beside what the store grants to
// others. While some have lost it and some have not, they admit as many times rate × W more
// as the share of those that have lost it.
package lease
