/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What of the relay survives the process: messages that topics keep, their numbers, what members'
 * own numbers were accepted, and what lets a member come back. A directory with an SQLite file.
 *
 * A durable topic writes before it delivers: it numbers a message and appends it here, under its
 * lock; the store's thread commits what waits, many topics' messages in one transaction, and calls
 * committed() for each, in order per topic; only then does the topic deliver and acknowledge it.
 * data/docs/durability.md says what that promises.
 *
 * A disk that is slow holds publishers back: each topic here is an outbox with policy `block`. One
 * that fails is tried again for stall_limit_us; then what waits is handed to failed(). */

#include "base/wherry-clock.h"
#include "relay/wherry-gate.h"
#include "relay/wherry-outbox.h"
#include "wire/wherry-message.h"

G_BEGIN_DECLS

#define WHERRY_STORE_HASH_BYTES 32u

typedef struct _WherryStore WherryStore;
typedef struct _WherryStoreTopic WherryStoreTopic;

typedef struct
{
  gboolean full_sync;    /* fsync each commit: survives the machine's end, not only the process's */
  guint64 max_bytes;     /* of what is kept: the oldest go; 0: no limit */
  gint64 stall_limit_us; /* how long a commit is tried again; -1: for ever */
  WherryClock *clock;    /* (nullable) (transfer none): the system's */
  gint64 epoch_us;       /* Unix time of the clock's zero; 0: by the system's clocks */
  gboolean no_thread;    /* nothing happens but in wherry_store_step() */
  guint page_limit;      /* of the file; 0: none. For tests: a disk that is full */
} WherryStoreOptions;

/* Every field at its default. */
void wherry_store_options_init (WherryStoreOptions *options);

/* ---- life. Thread: hub ---- */

/* Makes dir (0700) and the file where there is none. Refuses a directory that another process uses,
 * a file that is damaged, not ours, or of a newer version: nothing is ever deleted for that. The
 * thread does not run yet. budget: (nullable): what load() hands out is charged to it. options:
 * (nullable). Errors: WHERRY_ERROR_INVALID_STATE in use, WHERRY_ERROR_UNSUPPORTED not ours,
 * WHERRY_ERROR_PROTOCOL damaged, WHERRY_ERROR_RESOURCES the system's. */
WherryStore *wherry_store_open (const char *dir, WherryBudget *budget,
                                const WherryStoreOptions *options, GError **error);

/* One that a member may come back with. */
typedef struct
{
  const char *room;
  guint64 member;
  const guint8 *hash; /* WHERRY_STORE_HASH_BYTES of the token */
  gint64 until_us;    /* Unix time; G_MAXINT64: it was here when the process ended */
  GBytes *blob;       /* the caller's own */
} WherryStoreResume;

/* What load() finds, in this order: resume records, then each topic with what belongs to it. Any
 * may be NULL. */
typedef struct
{
  /* FALSE: it is deleted, and what was accepted from and kept for that member. */
  gboolean (*resume) (const WherryStoreResume *record, gpointer user_data);
  /* next: the number of its next message. FALSE: it is deleted with all that belongs to it. */
  gboolean (*topic) (const char *room, const char *label, guint64 next, gpointer user_data);
  /* With its stamp, time_us on the store's clock: first those to everyone in order, then each
   * recipient's. (transfer none) */
  void (*message) (WherryMessage *message, gpointer user_data);
  /* These were all of the topic's. */
  void (*loaded) (gpointer user_data);
  /* The highest own number that was accepted from member; only of those with a resume record. */
  void (*accepted) (guint64 member, guint64 own, gpointer user_data);
  /* The number of the next message for member alone; only of those with a resume record. */
  void (*direct) (guint64 member, guint64 next, gpointer user_data);
} WherryStoreVisitor;

/* Once, after open(); then the thread runs. visitor: (nullable): everything stays. Errors: as those
 * of open(). */
gboolean wherry_store_load (WherryStore *self, const WherryStoreVisitor *visitor,
                            gpointer user_data, GError **error);

/* The highest id of a member that the store ever saw, as sender, recipient or in a resume record:
 * new members' ids are above it. Known after load(). */
guint64 wherry_store_get_last_member (WherryStore *self);

/* Commits what waits, calling back for it, and joins the thread; a disk that fails is not waited
 * for longer than WHERRY_STORE_CLOSE_US. */
void wherry_store_close (WherryStore *self);
/* For tests: nothing that waits is committed or told, as when the process is killed. */
void wherry_store_abandon (WherryStore *self);
/* One batch. TRUE: something was done. With no_thread only. Thread: the one that loaded it */
gboolean wherry_store_step (WherryStore *self);

/* ---- topics ---- */

/* On the store's thread, with none of its locks held. */
typedef struct
{
  /* It is on disk. */
  void (*committed) (gpointer owner, WherryMessage *message);
  /* It is not, and will not be; nor will any that was appended behind it, each of which comes here
   * too, until wherry_store_topic_restart(). */
  void (*failed) (gpointer owner, WherryMessage *message, const GError *error);
} WherryStoreTopicFuncs;

/* One for a topic at a time. owner is released by destroy, on the store's thread, when it is closed
 * and everything appended was told. waker of its gate: the store's own. Thread: hub */
WherryStoreTopic *wherry_store_topic_new (WherryStore *store, const char *room, const char *label,
                                          const WherryStoreTopicFuncs *funcs, gpointer owner,
                                          GDestroyNotify destroy);
WherryStoreTopic *wherry_store_topic_ref (WherryStoreTopic *self); /* Thread: any */
void wherry_store_topic_unref (WherryStoreTopic *self);            /* Thread: any */

/* The number of the next message to everyone: one above the highest that was appended or loaded.
 * Thread: any */
guint64 wherry_store_topic_get_next (WherryStoreTopic *self);

/* message: stamped, with a sequence above that of every one before it with the same recipient.
 * Never blocks. gate: the publisher's, as in wherry_outbox_push(). Thread: any, one at a time:
 * under the topic's lock */
WherryPushResult wherry_store_topic_append (WherryStoreTopic *self, WherryMessage *message,
                                            WherryGate *gate);
/* For pushes that committed() makes to subscribers: while it is shut nothing more of this topic is
 * taken to be committed, so that in the end publishers wait. (transfer none) Thread: any */
WherryGate *wherry_store_topic_get_gate (WherryStoreTopic *self);
/* What is appended from now on may be committed again; what was before comes to failed(), if it has
 * not yet. Numbers may begin again at the first that failed. Thread: any, under the topic's lock */
void wherry_store_topic_restart (WherryStoreTopic *self, guint64 next);

/* Those to everyone with a sequence below `below` are deleted, some time. Thread: any */
void wherry_store_topic_trim (WherryStoreTopic *self, guint64 below);
/* Those for recipient alone. Thread: any */
void wherry_store_topic_trim_direct (WherryStoreTopic *self, guint64 recipient, guint64 below);

/* A member that does not come back: those for it alone, their number, what was accepted of it.
 * Thread: any */
void wherry_store_topic_forget (WherryStoreTopic *self, guint64 member);

/* What was appended is committed, then the owner is released. What is kept stays. Thread: hub */
void wherry_store_topic_close (WherryStoreTopic *self);
/* It closes at once: what waits is not told; everything kept of it is deleted, and its number: a
 * new one of that name begins at 1. Thread: any */
void wherry_store_topic_drop (WherryStoreTopic *self);
/* The same for what the room has on disk and nobody opened, and its resume records. Thread: hub */
void wherry_store_drop_room (WherryStore *self, const char *room);

/* ---- members. Committed at once, before messages that are appended later ---- */

/* On the store's thread: it is on disk, or (FALSE) that may never be. */
typedef void (*WherryStoreDoneFunc) (gboolean committed, gpointer user_data);

/* Replaces the member's record before. done: (nullable). FALSE: WHERRY_STORE_OPERATIONS_MAX wait,
 * done will not be called. Thread: any */
gboolean wherry_store_put_resume (WherryStore *self, const WherryStoreResume *record,
                                  WherryStoreDoneFunc done, gpointer user_data);
/* With what was accepted from that member, and kept for it alone. Thread: any */
void wherry_store_delete_resume (WherryStore *self, const char *room, guint64 member);

/* ---- statistics ---- */

#define WHERRY_STORE_LATENCY_BUCKETS 20u

typedef struct
{
  guint64 n_kept; /* messages on disk */
  guint64 kept_bytes;
  guint64 file_bytes;
  gsize waiting_bytes; /* appended, not taken yet */
  guint64 n_committed; /* messages */
  guint64 n_failed;
  guint64 n_trimmed;
  guint64 n_commits;
  guint64 n_retries;
  gint64 commit_sum_us;
  gint64 commit_max_us;
  /* commits that took less than 100 us << i, and not less than half of it */
  guint64 latency[WHERRY_STORE_LATENCY_BUCKETS];
  gboolean is_failing; /* the last commit failed */
} WherryStoreStats;

void wherry_store_get_stats (WherryStore *self, WherryStoreStats *out); /* Thread: any */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryStoreTopic, wherry_store_topic_unref)

G_END_DECLS
