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
#include "sctp/wherry-sctp-chunks.h"
#include "sctp/wherry-sctp-options.h"
#include "sctp/wherry-sctp-runtime.h"
#include "sctp/wherry-sctp-timer.h"

/* How long a shutdown waits for what a timer still references, and for the iterator thread that
 * usrsctp has of its own: its turn comes late on a busy machine. */
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

  /* under lock */
  GHashTable *endpoints; /* guint32 id -> WherrySctpEndpoint, borrowed */
  guint32 last_id;
} runtime;

static gint n_sockets; /* any thread: atomic */

/* The endpoint for which this thread is inside usrsctp. */
static __thread WherrySctpEndpoint *entered;

/* The first one makes what is under the lock: a lock of zeros needs no making. */
static void
runtime_acquire (void)
{
  wherry_lock_acquire (&runtime.lock);
  if (runtime.endpoints == NULL)
    runtime.endpoints = g_hash_table_new (NULL, NULL);
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

static gboolean
has_heartbeat (const guint8 *packet, gsize length)
{
  const guint8 *chunk = packet + WHERRY_SCTP_COMMON_HEADER;

  /* whoever sends one sends it alone */
  return length > WHERRY_SCTP_COMMON_HEADER
         && (*chunk == WHERRY_SCTP_CHUNK_HEARTBEAT || *chunk == WHERRY_SCTP_CHUNK_HEARTBEAT_ACK);
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
  /* sctp-timer's own, or against expectation in answer to a heartbeat */
  if (!has_heartbeat (buffer, length))
    wherry_sctp_timer_note_busy ();
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

static gboolean
start_locked (GError **error)
{
  if (wherry_sctp_timer_is_running ())
    return TRUE;
  if (!wherry_sctp_timer_start (error))
    return FALSE;
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
  if (g_hash_table_size (runtime.endpoints) == 1)
    wherry_sctp_timer_set_needed (TRUE);
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
  wherry_sctp_timer_note_busy ();
  wherry_sctp_endpoint_enter_quietly (self);
}

void
wherry_sctp_endpoint_enter_quietly (WherrySctpEndpoint *self)
{
  WHERRY_ASSERT_OWNER (self);
  g_assert (entered == NULL);
  wherry_sctp_timer_let_end ();
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
  if (g_hash_table_size (runtime.endpoints) == 0)
    wherry_sctp_timer_set_needed (FALSE);
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
      usrsctp_handle_timers (10);
      g_usleep (1000); /* there is nothing to wait on: usrsctp tells nobody that its thread ended */
    }
  return TRUE;
}

gboolean
wherry_sctp_runtime_shutdown (void)
{
  guint n;

  runtime_acquire ();
  n = g_hash_table_size (runtime.endpoints);
  wherry_lock_release (&runtime.lock);
  if (n > 0)
    return FALSE;
  if (!wherry_sctp_timer_is_running ())
    return TRUE;
  wherry_sctp_timer_stop ();
  return finish ();
}
