//go:build linux

package servers

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/lib/pq"

	pgxrecipe "github.com/resilgen/resilgen/corpus/recipes/pgx"
	pqrecipe "github.com/resilgen/resilgen/corpus/recipes/pq"
	resil "github.com/resilgen/resilgen/runtime"
)

// A postgres is a server of PostgreSQL with six connections and a table t that has the
// rows 1 and 2.
type postgres struct {
	*process
	admin   *pgx.Conn
	monitor *pgx.Conn // never in a transaction, in which statistics stand still
}

func startPostgres(t *testing.T) *postgres {
	t.Helper()
	initdb := program(t, "initdb", "/usr/lib/postgresql/*/bin/initdb")
	server := program(t, "postgres", "/usr/lib/postgresql/*/bin/postgres")
	p := &postgres{process: newProcess(t)}
	p.ready = func(ctx context.Context) error {
		for _, conn := range []**pgx.Conn{&p.admin, &p.monitor} {
			var err error
			if *conn, err = pgx.Connect(ctx, p.dsn("postgres", "")); err != nil {
				return err
			}
		}
		return nil
	}
	password := filepath.Join(p.dir, "password")
	if err := os.WriteFile(password, []byte("right"), 0o644); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(p.dir, "data")
	p.run(initdb, "-D", data, "-U", "postgres", "-A", "md5", "--pwfile", password, "-E", "UTF8", "--no-sync")
	p.start(server, "-D", data, "-p", p.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=8", "-c", "superuser_reserved_connections=1", "-c", "max_wal_senders=0", "-c", "fsync=off",
		"-c", "autovacuum=off", "-c", "max_worker_processes=0")
	p.exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int)", "INSERT INTO t VALUES (1, 0), (2, 0)",
		"CREATE USER app PASSWORD 'right'", "GRANT ALL ON t TO app", "ALTER USER app SET deadlock_timeout = '3s'")
	return p
}

// dsn returns the address of the server, for a user whose password is right.
func (p *postgres) dsn(user, params string) string {
	return fmt.Sprintf("postgres://%s:right@%s/postgres?sslmode=disable%s", user, p.addr(), params)
}

func (p *postgres) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := p.admin.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// sessions returns a function for eventually that waits until the user app has so many
// sessions in a state.
func (p *postgres) sessions(n int, state string) func(context.Context) error {
	return becomes(n, func(ctx context.Context) (n int, err error) {
		err = p.monitor.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND "+state).Scan(&n)
		return n, err
	})
}

// begun waits until the server runs a statement of the user app.
func (p *postgres) begun(ctx context.Context) error { return p.sessions(1, "state = 'active'")(ctx) }

// waits waits until a statement of the user app waits for a lock.
func (p *postgres) waits(ctx context.Context) error {
	return p.sessions(1, "wait_event_type = 'Lock'")(ctx)
}

// A driver is a client library of PostgreSQL with its guarded pool.
type driver[C guarded] struct {
	open func(t *testing.T, dsn string, opts ...resil.Option) (C, func(), error)
	exec func(C, context.Context, string) error
	ping func(C, context.Context) error

	execMethod, pingMethod string
	sent                   int    // how often the library sends a statement whose session is ended
	terminated             string // what it says then
	unseated               uint64 // attempts at a write for which there is no connection
	killed                 uint64 // attempts at a write whose server is killed
	deaf                   bool   // to the end of a context, unless the server hears of it
}

var withPgx = driver[*pgxrecipe.ResilientDB]{
	open: func(t *testing.T, dsn string, opts ...resil.Option) (*pgxrecipe.ResilientDB, func(), error) {
		pool, err := pgxpool.New(t.Context(), dsn+"&pool_max_conns=1")
		if err != nil {
			return nil, nil, err
		}
		db, err := pgxrecipe.NewResilientDB(pool, opts...)
		return db, pool.Close, err
	},
	exec: func(db *pgxrecipe.ResilientDB, ctx context.Context, statement string) error {
		_, err := db.Exec(ctx, statement)
		return err
	},
	ping:       (*pgxrecipe.ResilientDB).Ping,
	execMethod: "Exec", pingMethod: "Ping",
	sent: 1, terminated: "terminating connection", unseated: 3, killed: 1,
}

var withPq = driver[*pqrecipe.ResilientDB]{
	open: func(t *testing.T, dsn string, opts ...resil.Option) (*pqrecipe.ResilientDB, func(), error) {
		pool, err := sql.Open("postgres", dsn)
		if err != nil {
			return nil, nil, err
		}
		pool.SetMaxOpenConns(1)
		db, err := pqrecipe.NewResilientDB(pool, opts...)
		return db, func() { pool.Close() }, err
	},
	exec: func(db *pqrecipe.ResilientDB, ctx context.Context, statement string) error {
		_, err := db.ExecContext(ctx, statement)
		return err
	},
	ping:       (*pqrecipe.ResilientDB).PingContext,
	execMethod: "ExecContext", pingMethod: "PingContext",
	// Database/sql sends what lib/pq has sent before, finds no server, and says so: that
	// looks as if nothing had been sent.
	sent: 3, terminated: "bad connection", unseated: 1, killed: 3, deaf: true,
}

func TestPostgres(t *testing.T) {
	t.Run("pgx", func(t *testing.T) { testPostgres(t, withPgx) })
	t.Run("pq", func(t *testing.T) { testPostgres(t, withPq) })
}

func testPostgres[C guarded](t *testing.T, d driver[C]) {
	p := startPostgres(t)
	faulty := newTable(t)
	dsn := p.dsn("app", "")
	at := func(address string) *faults[C] {
		return &faults[C]{t, "DB", func(opts ...resil.Option) (C, func(), error) { return d.open(t, address, opts...) }, faulty}
	}
	db := at(dsn)
	exec := func(statement string) func(C) error {
		return func(db C) error { return d.exec(db, t.Context(), statement) }
	}
	ping := func(db C) error { return d.ping(db, t.Context()) }
	once := func(class resil.Class, text string) sign {
		return sign{method: d.execMethod, class: class, attempts: 1, text: text}
	}
	thrice := func(method string, class resil.Class, text string) sign {
		return sign{method: method, class: class, attempts: 3, text: text}
	}

	const sleep = "SELECT pg_sleep(60)"
	db.provoke("unique", once(resil.Application, "duplicate key"), exec("INSERT INTO t VALUES (1, 1)"))
	db.provoke("syntax", once(resil.Application, "syntax error"), exec("SELEKT"))
	db.provoke("no permission", once(resil.Application, "permission denied"), exec("SELECT * FROM pg_authid"))
	db.answers(exec("INSERT INTO t VALUES (1, 1)"))

	at("postgres://app:wrong@"+p.addr()+"/postgres?sslmode=disable").
		provoke("password", sign{method: d.pingMethod, class: resil.SystemFault, attempts: 1, text: "password authentication failed"}, ping)
	at("postgres://app:right@"+p.addr()+"/other?sslmode=disable").
		provoke("no such database", sign{method: d.pingMethod, class: resil.SystemFault, attempts: 1, text: "does not exist"}, ping)

	at(dsn+"&default_transaction_read_only=on").
		provoke("read-only", once(resil.Infrastructure, "read-only"), exec("INSERT INTO t VALUES (3, 0)"))
	at(dsn+"&statement_timeout=100").
		provoke("statement timeout", once(resil.Infrastructure, "statement timeout"), exec(sleep))
	at(p.dsn("postgres", "&temp_file_limit=64&work_mem=64")).
		provoke("limit of temporary files", once(resil.Throttled, "temp_file_limit"), exec("SELECT g FROM generate_series(1, 100000) g ORDER BY g DESC"))

	p.exec(t, "BEGIN", "UPDATE t SET v = v + 1 WHERE id = 1")
	at(dsn+"&lock_timeout=100").
		provoke("lock timeout", once(resil.Throttled, "lock timeout"), exec("UPDATE t SET v = v + 1 WHERE id = 1"))
	db.provoke("no wait", once(resil.Throttled, "could not obtain lock"), exec("SELECT * FROM t WHERE id = 1 FOR UPDATE NOWAIT"))
	at(dsn+"&default_transaction_isolation=repeatable%20read").
		provoke("serialization conflict", once(resil.Throttled, "could not serialize"), func(db C) error {
			return during(t, p.waits, func() { p.exec(t, "COMMIT") }, func() error {
				return d.exec(db, t.Context(), "UPDATE t SET v = v + 1 WHERE id = 1")
			})
		})

	// Who waits for longer than deadlock_timeout looks for a deadlock, and gives way.
	p.exec(t, "SET deadlock_timeout = '10min'", "BEGIN", "UPDATE t SET v = v + 1 WHERE id = 1")
	db.provoke("deadlock", once(resil.Throttled, "deadlock"), func(db C) error {
		return during(t, p.waits, func() { p.exec(t, "UPDATE t SET v = v + 1 WHERE id = 2", "COMMIT", "RESET deadlock_timeout") }, func() error {
			return d.exec(db, t.Context(), `DO $$ BEGIN
				UPDATE t SET v = v + 1 WHERE id = 2;
				UPDATE t SET v = v + 1 WHERE id = 1;
			END $$`)
		})
	})

	db.provoke("statement canceled", once(resil.Infrastructure, "user request"), func(db C) error {
		return during(t, p.begun, func() { p.exec(t, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'app'") },
			func() error { return d.exec(db, t.Context(), sleep) })
	})
	db.provoke("session ended in mid-call", once(resil.Infrastructure, d.terminated), func(db C) error {
		return during(t, p.begun, func() {
			for range d.sent {
				eventually(t, p.begun)
				p.exec(t, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'app'")
			}
		}, func() error { return d.exec(db, t.Context(), sleep) })
	})

	full := make([]*pgx.Conn, 0, 5)
	for range 5 {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		full = append(full, conn)
	}
	db.provoke("out of connections", thrice(d.pingMethod, resil.Throttled, ""), ping)
	db.provoke("out of connections, a write", sign{method: d.execMethod, class: resil.Throttled, attempts: d.unseated}, exec("INSERT INTO t VALUES (3, 0)"))
	for _, conn := range full {
		conn.Close(t.Context())
	}
	eventually(t, p.sessions(0, "true"))

	between := newProxy(t, p.addr())
	through := at("postgres://app:right@" + between.Listen + "/postgres?sslmode=disable")
	spoiled := func(fault, toxic string, want sign, statement string) {
		t.Helper()
		through.provoke(fault, want, func(db C) error {
			if err := d.ping(db, t.Context()); err != nil {
				t.Fatal(err)
			}
			var err error
			between.with(toxic, func() { err = d.exec(db, t.Context(), statement) })
			return err
		})
	}
	spoiled("answer cut off", cutOff, once(resil.Infrastructure, ""), "UPDATE t SET v = v + 1 WHERE id = 1")
	spoiled("reset", reset, once(resil.Infrastructure, ""), "UPDATE t SET v = v + 1 WHERE id = 1")
	if d.deaf {
		outlasts(t, p, d, db)
	} else {
		spoiled("late", late, sign{method: d.execMethod, class: resil.Infrastructure, attempts: 1, limit: 300 * time.Millisecond}, "UPDATE t SET v = v + 1 WHERE id = 1")
		spoiled("answer swallowed", swallowed, sign{method: d.execMethod, class: resil.Infrastructure, attempts: 1, limit: 300 * time.Millisecond}, "UPDATE t SET v = v + 1 WHERE id = 1")
		db.provoke("hung", sign{method: d.pingMethod, class: resil.Infrastructure, attempts: 3, limit: 300 * time.Millisecond}, func(db C) error {
			p.hang()
			defer p.resume()
			return d.ping(db, t.Context())
		})
		db.outage(300*time.Millisecond, p.hang, p.resume, ping)
	}

	// lib/pq says bad connection where it sees the end of the connection, and database/sql
	// calls again; of a reset it says no such thing.
	db.provoke("killed in mid-call", sign{method: d.execMethod, class: resil.Infrastructure, attempts: d.killed, orOne: true}, func(db C) error {
		return during(t, p.begun, p.kill, func() error { return d.exec(db, t.Context(), sleep) })
	})
	db.provoke("dead", thrice(d.pingMethod, resil.Infrastructure, "refused"), ping)
	db.provoke("dead, a write", thrice(d.execMethod, resil.Infrastructure, "refused"), exec("INSERT INTO t VALUES (3, 0)"))
	p.restart()
	db.outage(20*time.Second, p.kill, p.restart, exec("UPDATE t SET v = v + 1 WHERE id = 1"))

	// A server that ends waits for its sessions and takes no new ones.
	p.signal(syscall.SIGTERM)
	db.provoke("shutting down", thrice(d.pingMethod, resil.Infrastructure, "shutting down"), ping)
	p.admin.Close(t.Context())
	p.monitor.Close(t.Context())
	<-p.exited
}

// outlasts checks that a call of a hung server goes on when its timeout has passed.
func outlasts[C guarded](t *testing.T, p *postgres, d driver[C], faults *faults[C]) {
	db, end := faults.guard(300*time.Millisecond, "open=30s")
	defer end()
	if err := d.ping(db, t.Context()); err != nil {
		t.Fatal(err)
	}
	const long = 2 * time.Second
	p.hang()
	time.AfterFunc(long, p.resume)
	start := time.Now()
	if err := d.exec(db, t.Context(), "SELECT 1"); time.Since(start) < long {
		t.Errorf("the library has changed, it ends a call when its context ends: %v after %v", err, time.Since(start))
	}
}
