/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "base/wherry-log.h"
#include "base/wherry-owner.h"
#include "peer/wherry-peer-threads.h"

typedef struct
{
  WherryWorker *worker;
  guint n_peers;
} PeerThread;

struct _WherryPeerThreads
{
  /* hub thread only */
  WherryOwner owner;
  guint n;
  GArray *threads; /* of PeerThread: those that were started */
};

WherryPeerThreads *
wherry_peer_threads_new (guint n)
{
  WherryPeerThreads *self = g_new0 (WherryPeerThreads, 1);

  g_assert (n > 0);
  wherry_owner_init (&self->owner);
  self->n = n;
  self->threads = g_array_new (FALSE, FALSE, sizeof (PeerThread));
  return self;
}

static PeerThread *
get (const WherryPeerThreads *self, guint i)
{
  return &g_array_index (self->threads, PeerThread, i);
}

void
wherry_peer_threads_free (WherryPeerThreads *self)
{
  if (self == NULL)
    return;
  WHERRY_ASSERT_OWNER (self);
  for (guint i = 0; i < self->threads->len; i++)
    {
      g_assert (get (self, i)->n_peers == 0);
      wherry_worker_post_stop (get (self, i)->worker);
    }
  for (guint i = 0; i < self->threads->len; i++)
    {
      wherry_worker_join (get (self, i)->worker);
      wherry_worker_unref (get (self, i)->worker);
    }
  g_array_unref (self->threads);
  g_free (self);
}

static PeerThread *
find_least_loaded (WherryPeerThreads *self)
{
  PeerThread *least = NULL;

  for (guint i = 0; i < self->threads->len; i++)
    if (least == NULL || get (self, i)->n_peers < least->n_peers)
      least = get (self, i);
  return least;
}

static PeerThread *
start_one (WherryPeerThreads *self, GError **error)
{
  g_autofree char *name = g_strdup_printf ("peers:%u", self->threads->len);
  PeerThread thread = { .worker = wherry_worker_new_for_many (name, error) };

  if (thread.worker == NULL)
    return NULL;
  g_array_append_val (self->threads, thread);
  return get (self, self->threads->len - 1);
}

WherryWorker *
wherry_peer_threads_acquire (WherryPeerThreads *self, GError **error)
{
  PeerThread *thread = find_least_loaded (self);

  WHERRY_ASSERT_OWNER (self);
  if (self->threads->len < self->n && (thread == NULL || thread->n_peers > 0))
    {
      g_autoptr (GError) local = NULL;
      PeerThread *started = start_one (self, &local);

      if (started == NULL && thread == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      if (started == NULL)
        wherry_warning (NULL, "peers share %u threads in place of %u: %s", self->threads->len,
                        self->n, local->message);
      else
        thread = started;
    }
  thread->n_peers++;
  return thread->worker;
}

void
wherry_peer_threads_release (WherryPeerThreads *self, WherryWorker *worker)
{
  WHERRY_ASSERT_OWNER (self);
  for (guint i = 0; i < self->threads->len; i++)
    if (get (self, i)->worker == worker)
      {
        g_assert (get (self, i)->n_peers > 0);
        get (self, i)->n_peers--;
        return;
      }
  wherry_bug ("a peer was on a thread of nobody's");
}

guint
wherry_peer_threads_get_n_started (const WherryPeerThreads *self)
{
  return self->threads->len;
}

guint
wherry_peer_threads_get_load (const WherryPeerThreads *self, guint i)
{
  return get (self, i)->n_peers;
}
