/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the store's own files share. Order of locks: a topic of the relay's, the store's, an outbox
 * set's, a gate's; the bell's alone. */

#include "base/wherry-lock.h"
#include "relay/wherry-outbox-set.h"
#include "relay/wherry-store-file.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_STORE_ROW_NONE,
  WHERRY_STORE_ROW_WRITING, /* in the transaction that runs */
  WHERRY_STORE_ROW_WRITTEN,
} WherryStoreRow;

/* A topic that is on disk or is going to be, whether somebody has it open or not. */
typedef struct
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  char *room;
  char *label;
  gint64 id;

  /* under the store's lock */
  guint64 next;
  WherryStoreTopic *last; /* that was opened, if it is not finished */
  WherryStoreRow row;
  gboolean dropped;
} WherryStoreName;

struct _WherryStoreTopic
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  WherryStore *store; /* a reference */
  WherryStoreTopicFuncs funcs;
  WherryOutbox *outbox; /* its owner is this, by a reference that goes when it is finished */
  WherryGate *gate;     /* of what committed() pushes */
  WherryStoreName *name;

  /* under the store's lock */
  guint64 n_appended;
  guint64 n_before_restart; /* of those, what fails in any case */
  gboolean is_failed;       /* whatever comes fails */
  guint64 trim_below;       /* 0: nothing to delete */
  guint64 trim_appended;    /* how many there were when that was asked for */
  gboolean trims;           /* in the store's list */
  gboolean is_dropped;
  WherryStoreTopic *successor; /* a reference: it is served when this is finished */

  /* the store's thread only; the hub's when that is joined */
  guint64 n_taken;
  gboolean trims_later; /* when what was appended before is taken */
  gboolean is_finished;
  gpointer owner;
  GDestroyNotify destroy;
};

typedef enum
{
  WHERRY_STORE_OP_PUT_RESUME,
  WHERRY_STORE_OP_DELETE_RESUME,
  WHERRY_STORE_OP_DROP_TOPIC,
  WHERRY_STORE_OP_DROP_ROOM,
  WHERRY_STORE_OP_TRIM_DIRECT,
  WHERRY_STORE_OP_FORGET,
} WherryStoreOpKind;

typedef struct
{
  WherryStoreOpKind kind;
  char *room;
  WherryStoreName *name; /* of a topic */
  guint64 member;
  guint64 below;
  guint8 hash[WHERRY_STORE_HASH_BYTES];
  gint64 until_us;
  GBytes *blob;
  WherryStoreDoneFunc done;
  gpointer user_data;
} WherryStoreOp;

/* A message that is in the transaction. */
typedef struct
{
  WherryStoreTopic *topic; /* a reference */
  WherryMessage *message;
  gboolean is_refused; /* there is another one with its number */
} WherryStoreEntry;

struct _WherryStore
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  WherryStoreOptions options;
  WherryClock *clock;
  WherryBudget *budget; /* or NULL */
  gint64 epoch_us;
  char *path;
  WherryOutboxSet *set;
  WherryWaker *waker; /* of the set and of every topic's gate */

  /* any thread: internally locked */
  WherryLock bell_lock;
  GCond bell;
  gboolean rung;

  /* any thread: internally locked */
  WherryLock lock;
  GHashTable *names;  /* of WherryStoreName as a set, by room and label: those not dropped */
  GHashTable *topics; /* of WherryStoreTopic as a set, borrowed: those not finished */
  gint64 last_id;
  GQueue ops;          /* of WherryStoreOp, in order */
  GHashTable *resumes; /* those of ops that put a resume record: one for each member */
  GQueue trims;        /* of WherryStoreTopic, each a reference */
  GQueue dropped;      /* of WherryStoreTopic, each a reference */
  WherryStoreStats stats;
  gboolean is_closing;
  gboolean is_abandoned;

  /* the store's thread only; before and after that has run, the hub's */
  WherryStoreFile *file;
  GArray *batch; /* of WherryStoreEntry */
  gsize batch_bytes;
  GQueue applying;    /* of WherryStoreOp: in the transaction */
  GQueue over;        /* of WherryStoreTopic, borrowed: retired, and the last is in the batch */
  GPtrArray *writing; /* of WherryStoreName: whose row is in the transaction */
  GQueue trimming;    /* of WherryStoreTopic, each a reference: in the transaction */
  guint64 last_member;
  guint64 stored_last_member;
  GError *error;           /* the last one */
  gint64 failing_since_us; /* -1: it is not */
  gint64 retry_us;         /* not before */
  gint64 close_by_us;      /* -1: not closing */
  gint64 trim_us;          /* by then, even if there is nothing else to do; -1: none */
  guint n_attempts;
  gboolean has_given_up;
  gboolean trims_more; /* the transaction left some */

  /* hub thread only */
  GThread *thread;
  gboolean is_loaded;
  guint64 loaded_last_member;
};

WherryStoreName *wherry_store_name_new_locked (WherryStore *self, gint64 id, const char *room,
                                               const char *label);
void wherry_store_name_unref (WherryStoreName *self);
void wherry_store_unref (WherryStore *self);
/* name: (nullable): a reference is taken. */
WherryStoreOp *wherry_store_op_new (WherryStoreOpKind kind, const char *room, WherryStoreName *name,
                                    guint64 member);
void wherry_store_op_free (WherryStoreOp *self);
/* (transfer full) op. must: however many wait. Thread: any */
void wherry_store_post (WherryStore *self, WherryStoreOp *op, gboolean must);
void wherry_store_ring (WherryStore *self); /* Thread: any */

/* ---- the store's thread ---- */

/* The thread's main. */
gpointer wherry_store_run (gpointer data);
/* Takes, commits and tells. TRUE: something was done, go on. *wait_us: until when there is nothing
 * to do unless the bell rings; -1: no such time. */
gboolean wherry_store_do_batch (WherryStore *self, gint64 *until_us);
gboolean wherry_store_topic_queue_trim_locked (WherryStoreTopic *self);
/* The owner is released. */
void wherry_store_topic_finish (WherryStoreTopic *self);
/* One transaction of what is in the batch, of operations and of deletions. */
gboolean wherry_store_write (WherryStore *self, GError **error);

G_END_DECLS
