/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <usrsctp.h>

#include "base/wherry-error.h"
#include "base/wherry-inbox.h"
#include "base/wherry-lock.h"
#include "base/wherry-log.h"
#include "base/wherry-owner.h"

#include "sctp/wherry-crc32c.h"
#include "sctp/wherry-sctp-options.h"
#include "sctp/wherry-sctp-runtime.h"

/* usrsctp's own timer granularity: one tick is 10 ms. */
#define TICK_US 10000
/* A late driver must not make everything that was armed meanwhile fire at once. */
#define TICK_MAX_US (10 * TICK_US)
/* After the last endpoint: usrsctp frees what a timer still referenced 20 ms later. */
#define GRACE_TICKS 10
/* How long a shutdown waits for the same, and for the iterator thread that usrsctp has of its own:
 * its turn comes late on a busy machine. */
#define FINISH_LIMIT_US (5 * G_USEC_PER_SEC)

/* Packets of sctp-timer that wait for an owner: retransmissions and heartbeats. What does not fit
 * is lost like any packet. */
#define LATE_PACKETS_MAX 256u
#define LATE_BYTES_MAX (256u * 1024u)

struct _WherrySctpEndpoint
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  guint32 id;
  WherryOwner owner;
  const WherrySctpEndpointFuncs *funcs;

  /* any thread: internally locked or atomic */
  WherryInbox *inbox; /* of Late */
  int changed_posted;
  int budget_waiting;

  /* owner thread only */
  gpointer user_data;
};

/* length 0: the socket changed */
typedef struct
{
  gsize length;
  guint8 data[];
} Late;

static struct
{
  WherryLock lock;
  GCond cond; /* endpoints or stop changed */

  /* under lock */
  GHashTable *endpoints; /* guint32 id -> WherrySctpEndpoint, borrowed */
  guint32 last_id;
  GThread *timer;
  gboolean stop;
  gboolean idle;
  guint64 ticks;
} runtime;

static gint n_sockets; /* any thread: atomic */

/* sctp-timer is in usrsctp, or a peer ends something there. */
static WherryLock timers;
static int driving; /* any thread: atomic; under timers where it is written */

/* The endpoint for which this thread is inside usrsctp. */
static __thread WherrySctpEndpoint *entered;

/* The first one makes what is under the lock: a lock and a condition of zeros need no making. */
static void
runtime_acquire (void)
{
  wherry_lock_acquire (&runtime.lock);
  if (runtime.endpoints != NULL)
    return;
  runtime.endpoints = g_hash_table_new (NULL, NULL);
  runtime.idle = TRUE;
}

static WherrySctpEndpoint *
endpoint_ref (WherrySctpEndpoint *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

static void
endpoint_unref (WherrySctpEndpoint *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  wherry_inbox_unref (self->inbox);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySctpEndpoint, endpoint_unref)

/* (transfer full) (nullable) */
static WherrySctpEndpoint *
lookup (gpointer address)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&runtime.lock);
  WherrySctpEndpoint *self = g_hash_table_lookup (runtime.endpoints, address);

  return self != NULL ? endpoint_ref (self) : NULL;
}

/* ---- called by usrsctp, with the association locked ---- */

static void
post_late (WherrySctpEndpoint *self, const guint8 *data, gsize length)
{
  Late *late = g_malloc (sizeof (Late) + length);

  late->length = length;
  memcpy (late->data, data, length);
  if (length == 0)
    wherry_inbox_post_urgent (self->inbox, late);
  else
    wherry_inbox_post (self->inbox, late);
}

static gsize
late_size (gconstpointer item)
{
  return sizeof (Late) + ((const Late *) item)->length;
}

static int
on_packet_out (void *address, void *buffer, size_t length, uint8_t tos, uint8_t set_df)
{
  g_autoptr (WherrySctpEndpoint) found = NULL;
  WherrySctpEndpoint *self = entered;

  if (length < sizeof (struct sctp_common_header))
    return 0;
  /* checksum offload: the field is ours to fill (RFC 9260 section 6.8) */
  wherry_crc32c_sign_sctp (buffer, length);
  if (self != NULL && GUINT_TO_POINTER (self->id) == address)
    {
      self->funcs->packet_out (self->user_data, buffer, length);
      return 0;
    }
  found = lookup (address);
  if (found != NULL && wherry_owner_is_current (&found->owner))
    wherry_bug ("SCTP sends on its owner's thread outside of enter and leave");
  if (found != NULL)
    post_late (found, buffer, length);
  return 0;
}

void
wherry_sctp_endpoint_post_changed (gpointer endpoint)
{
  WherrySctpEndpoint *self = endpoint;

  if (__atomic_exchange_n (&self->changed_posted, 1, __ATOMIC_ACQ_REL) == 0)
    post_late (self, (const guint8 *) "", 0);
}

void
wherry_sctp_runtime_upcall (struct socket *so, void *address, int flags)
{
  g_autoptr (WherrySctpEndpoint) found = NULL;
  WherrySctpEndpoint *self = entered;

  if (self != NULL && GUINT_TO_POINTER (self->id) == address)
    {
      self->funcs->changed (self->user_data, FALSE);
      return;
    }
  found = lookup (address);
  if (found != NULL)
    wherry_sctp_endpoint_post_changed (found);
}

static void
on_budget_room (gpointer user_data)
{
  WherrySctpEndpoint *self = user_data;

  __atomic_store_n (&self->budget_waiting, 0, __ATOMIC_RELEASE);
  wherry_sctp_endpoint_post_changed (self);
}

gboolean
wherry_sctp_endpoint_wait_budget (WherrySctpEndpoint *self, WherryBudget *budget)
{
  if (!wherry_budget_is_over (budget))
    return FALSE;
  if (__atomic_exchange_n (&self->budget_waiting, 1, __ATOMIC_ACQ_REL) != 0)
    return TRUE;
  if (wherry_budget_wait (budget, on_budget_room, endpoint_ref (self),
                          (GDestroyNotify) endpoint_unref))
    return TRUE;
  __atomic_store_n (&self->budget_waiting, 0, __ATOMIC_RELEASE);
  return FALSE;
}

/* ---- sctp-timer ---- */

static void
drive (gint64 *last_us)
{
  gint64 now_us = g_get_monotonic_time ();
  gint64 elapsed_us = now_us - *last_us;

  if (elapsed_us > TICK_MAX_US)
    {
      elapsed_us = TICK_MAX_US;
      *last_us = now_us - elapsed_us;
    }
  /* the remainder below a millisecond stays in last_us: a time of 0 never advances anything */
  *last_us += elapsed_us / 1000 * 1000;
  wherry_lock_acquire (&timers);
  __atomic_store_n (&driving, 1, __ATOMIC_RELAXED);
  usrsctp_handle_timers ((uint32_t) (elapsed_us / 1000));
  __atomic_store_n (&driving, 0, __ATOMIC_RELAXED);
  wherry_lock_release (&timers);
}

/* usrsctp 0.9.5 looks up whose timer it has taken off its queue without a lock. Were that one
 * stopped, started and stopped again meanwhile, its references to the association would be
 * forgotten and neither ever freed: seen once in some ten thousand associations where sctp-timer
 * had to wait for a processor just then. One call does not do that much, so no new one begins. */
static void
let_timers_end (void)
{
  if (__atomic_load_n (&driving, __ATOMIC_RELAXED) == 0)
    return;
  wherry_lock_acquire (&timers);
  wherry_lock_release (&timers);
}

void
wherry_sctp_runtime_stop_timers (void)
{
  wherry_lock_acquire (&timers);
}

void
wherry_sctp_runtime_start_timers (void)
{
  wherry_lock_release (&timers);
}

static gpointer
timer_main (gpointer data)
{
  gint64 last_us = g_get_monotonic_time ();
  guint grace = 0;

  wherry_lock_acquire (&runtime.lock);
  while (!runtime.stop)
    {
      if (g_hash_table_size (runtime.endpoints) > 0)
        grace = GRACE_TICKS;
      if (grace == 0)
        {
          runtime.idle = TRUE;
          wherry_lock_wait (&runtime.lock, &runtime.cond);
          runtime.idle = g_hash_table_size (runtime.endpoints) == 0;
          /* time stood still for usrsctp: what is armed now is armed from here */
          last_us = g_get_monotonic_time ();
          continue;
        }
      wherry_lock_wait_until (&runtime.lock, &runtime.cond, g_get_monotonic_time () + TICK_US);
      if (g_get_monotonic_time () - last_us < 1000)
        continue;
      runtime.ticks++;
      grace--;
      wherry_lock_release (&runtime.lock);
      drive (&last_us);
      wherry_lock_acquire (&runtime.lock);
    }
  wherry_lock_release (&runtime.lock);
  return NULL;
}

static gboolean
start_locked (GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (runtime.timer != NULL)
    return TRUE;
  runtime.stop = FALSE;
  runtime.timer = g_thread_try_new ("sctp-timer", timer_main, NULL, &cause);
  if (runtime.timer == NULL)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES,
                   "Starting the thread that drives SCTP: %s", cause->message);
      return FALSE;
    }
  usrsctp_init_nothreads (0, on_packet_out, NULL);
  wherry_sctp_options_process ();
  return TRUE;
}

/* ---- endpoints ---- */

static void
on_late (gpointer item, gpointer user_data)
{
  g_autofree Late *late = item;
  g_autoptr (WherrySctpEndpoint) self = endpoint_ref (user_data);

  if (late->length > 0)
    {
      self->funcs->packet_late (self->user_data, late->data, late->length);
      return;
    }
  __atomic_store_n (&self->changed_posted, 0, __ATOMIC_RELEASE);
  self->funcs->changed (self->user_data, TRUE);
}

WherrySctpEndpoint *
wherry_sctp_endpoint_new (GMainContext *context, const WherrySctpEndpointFuncs *funcs,
                          gpointer user_data, GError **error)
{
  WherrySctpEndpoint *self;

  runtime_acquire ();
  if (!start_locked (error))
    {
      wherry_lock_release (&runtime.lock);
      return NULL;
    }
  wherry_lock_release (&runtime.lock);

  self = g_new0 (WherrySctpEndpoint, 1);
  wherry_ref_init (&self->ref_count);
  wherry_owner_init (&self->owner);
  self->funcs = funcs;
  self->user_data = user_data;
  self->inbox = wherry_inbox_new (context, LATE_PACKETS_MAX, LATE_BYTES_MAX, late_size, on_late,
                                  self, g_free);

  wherry_lock_acquire (&runtime.lock);
  do
    self->id = ++runtime.last_id;
  while (self->id == 0 || g_hash_table_contains (runtime.endpoints, GUINT_TO_POINTER (self->id)));
  g_hash_table_insert (runtime.endpoints, GUINT_TO_POINTER (self->id), self);
  runtime.idle = FALSE;
  if (g_hash_table_size (runtime.endpoints) == 1)
    g_cond_signal (&runtime.cond);
  wherry_lock_release (&runtime.lock);

  usrsctp_register_address (GUINT_TO_POINTER (self->id));
  return self;
}

gpointer
wherry_sctp_endpoint_get_address (WherrySctpEndpoint *self)
{
  return GUINT_TO_POINTER (self->id);
}

void
wherry_sctp_endpoint_enter (WherrySctpEndpoint *self)
{
  WHERRY_ASSERT_OWNER (self);
  g_assert (entered == NULL);
  let_timers_end ();
  entered = self;
}

void
wherry_sctp_endpoint_leave (WherrySctpEndpoint *self)
{
  g_assert (entered == self);
  entered = NULL;
}

void
wherry_sctp_endpoint_close (WherrySctpEndpoint *self)
{
  WHERRY_ASSERT_OWNER (self);

  /* From here on no callback finds it; one that already did has its own reference and can at most
   * post to an inbox that is closed. */
  wherry_lock_acquire (&runtime.lock);
  g_hash_table_remove (runtime.endpoints, GUINT_TO_POINTER (self->id));
  wherry_lock_release (&runtime.lock);
  usrsctp_deregister_address (GUINT_TO_POINTER (self->id));
  wherry_inbox_close (self->inbox);
  self->user_data = NULL;
  endpoint_unref (self);
}

/* ---- the process ---- */

guint
wherry_sctp_runtime_get_n_endpoints (void)
{
  guint n;

  runtime_acquire ();
  n = g_hash_table_size (runtime.endpoints);
  wherry_lock_release (&runtime.lock);
  return n;
}

void
wherry_sctp_runtime_count_socket (int change)
{
  g_atomic_int_add (&n_sockets, change);
}

guint
wherry_sctp_runtime_get_n_sockets (void)
{
  return (guint) g_atomic_int_get (&n_sockets);
}

guint64
wherry_sctp_runtime_get_ticks (void)
{
  guint64 ticks;

  runtime_acquire ();
  ticks = runtime.ticks;
  wherry_lock_release (&runtime.lock);
  return ticks;
}

gboolean
wherry_sctp_runtime_is_idle (void)
{
  gboolean idle;

  runtime_acquire ();
  idle = runtime.idle;
  wherry_lock_release (&runtime.lock);
  return idle;
}

/* FALSE: usrsctp still held something when the time was over. */
static gboolean
finish (void)
{
  gint64 end_us = g_get_monotonic_time () + FINISH_LIMIT_US;

  while (usrsctp_finish () != 0)
    {
      gint64 now_us = g_get_monotonic_time ();

      if (now_us >= end_us)
        return FALSE;
      usrsctp_handle_timers (TICK_US / 1000);
      wherry_lock_acquire (&runtime.lock);
      wherry_lock_wait_until (&runtime.lock, &runtime.cond, now_us + TICK_US / 10);
      wherry_lock_release (&runtime.lock);
    }
  return TRUE;
}

gboolean
wherry_sctp_runtime_shutdown (void)
{
  GThread *timer;

  runtime_acquire ();
  if (g_hash_table_size (runtime.endpoints) > 0)
    {
      wherry_lock_release (&runtime.lock);
      return FALSE;
    }
  timer = g_steal_pointer (&runtime.timer);
  runtime.stop = TRUE;
  g_cond_signal (&runtime.cond);
  wherry_lock_release (&runtime.lock);
  if (timer == NULL)
    return TRUE;
  g_thread_join (timer);

  wherry_lock_acquire (&runtime.lock);
  runtime.idle = TRUE;
  wherry_lock_release (&runtime.lock);
  return finish ();
}
