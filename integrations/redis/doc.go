// Package resilredis ties the processes of a service together through Redis: with
// scope=fleet they keep one rate limit, tell each other of outages, and obey one order.
//
//	fleet := resilredis.New(redis.NewClient(&redis.Options{Addr: "redis:6379"}))
//	defer fleet.Close()
//	users, err := NewResilientUsers(next, resil.WithFleet(fleet))
//
// No call waits for Redis where it has a token, and no call ever waits for it longer than
// 5 ms. While Redis does not answer, limits are divided by the last known number of
// processes, and all else goes on as in one process. What a limit admits at most is in the
// documentation of [resil.Ask].
//
// # What is kept in Redis
//
// All keys begin with a prefix, resil unless [WithPrefix] says otherwise, and those of one
// client have its name as their hash tag, so that they are in one slot of a cluster.
//
//	PREFIX:clients                        names of clients, by the time when they were last seen
//	PREFIX:{Users}:members                processes, by the time when they were last seen
//	PREFIX:{Users}:about                  what they say of themselves
//	PREFIX:{Users}:orders                 the last order for each breaker and key, and the last overrides
//	PREFIX:{Users}:suspects               breakers that are open, by process
//	PREFIX:{Users}:version                changes with the two above
//	PREFIX:{Users}:limit:NAME[:KEY]       the token bucket of a limit
//	PREFIX:{Users}:asking:NAME[:KEY]      processes that asked it for tokens of late
//
// A KEY of more than 256 bytes stands there as its SHA-256, and suspicions of it are not
// shared.
//
// All but orders and their version expire when nobody uses them. Times are those of the server of Redis. The
// channel PREFIX:{Users} says that orders or suspects have changed. A process that misses that
// reads them within a second all the same.
//
// The token bucket is a script of this package. The one of redis_rate, whose method
// AllowAtMost does the same, charges a grant that is cut short for the part of a token that
// it does not grant, which loses half a token with every such grant; and it does not say how
// many processes ask, by which these share evenly.
package resilredis
