/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "base/wherry-turns.h"

/* Taken from the kernel in one call: what is left comes in the next turn. */
#define EVENTS_MAX 128

/* A context, between what GLib calls query and check. */
typedef struct
{
  GMainContext *context;
  guint slot;
  int priority;
  GPollFD *fds; /* what it waits for now... */
  guint n_fds;
  guint n_allocated;
  GArray *watched;   /* of int: ...as far as the kernel has been told */
  gboolean is_ready; /* in a list of those */
} Entry;

struct _WherryTurns
{
  int epoll;
  GPtrArray *slots;   /* of Entry; NULL: free */
  GArray *dues;       /* gint64, by slot: when to look at it in any case */
  GHashTable *places; /* GMainContext to Entry */
  GArray *ready;      /* guint, slots: whose turn the next one is */
  GArray *running;    /* the same: of this one */
  Entry *iterated;    /* NULL: none */
};

/* What this thread runs. */
static __thread WherryTurns *current;

WherryTurns *
wherry_turns_new (GError **error)
{
  int fd = epoll_create1 (EPOLL_CLOEXEC);
  WherryTurns *self;

  if (fd < 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES, "Starting a loop: %s",
                   g_strerror (errno));
      return NULL;
    }
  self = g_new0 (WherryTurns, 1);
  self->epoll = fd;
  self->slots = g_ptr_array_new ();
  self->dues = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->places = g_hash_table_new (NULL, NULL);
  self->ready = g_array_new (FALSE, FALSE, sizeof (guint));
  self->running = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

void
wherry_turns_free (WherryTurns *self)
{
  g_assert (g_hash_table_size (self->places) == 0);
  close (self->epoll);
  g_ptr_array_unref (self->slots);
  g_array_unref (self->dues);
  g_hash_table_unref (self->places);
  g_array_unref (self->ready);
  g_array_unref (self->running);
  g_free (self);
}

/* ---- what the kernel watches ---- */

static gboolean
has_fd (const GArray *fds, int fd)
{
  for (guint i = 0; i < fds->len; i++)
    if (g_array_index (fds, int, i) == fd)
      return TRUE;
  return FALSE;
}

/* A descriptor that was closed is no longer watched, and its number may be another one's already:
 * so the kernel is told of each again. */
static void
watch (WherryTurns *self, Entry *entry, const GPollFD *fd, gboolean was_watched)
{
  struct epoll_event event
      = { .events = fd->events, .data.u64 = (guint64) entry->slot << 32 | (guint32) fd->fd };
  int first = was_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  int second = was_watched ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

  if (epoll_ctl (self->epoll, first, fd->fd, &event) == 0)
    return;
  if ((errno != ENOENT && errno != EEXIST) || epoll_ctl (self->epoll, second, fd->fd, &event) != 0)
    wherry_bug ("descriptor %d cannot be watched: %s", fd->fd, g_strerror (errno));
}

static gboolean
is_waited_for (const Entry *entry, int fd)
{
  for (guint i = 0; i < entry->n_fds; i++)
    if (entry->fds[i].fd == fd)
      return TRUE;
  return FALSE;
}

static void
watch_all (WherryTurns *self, Entry *entry)
{
  for (guint i = 0; i < entry->watched->len; i++)
    {
      int fd = g_array_index (entry->watched, int, i);

      if (!is_waited_for (entry, fd))
        epoll_ctl (self->epoll, EPOLL_CTL_DEL, fd, NULL); /* it may be closed: then it is gone */
    }
  for (guint i = 0; i < entry->n_fds; i++)
    watch (self, entry, &entry->fds[i], has_fd (entry->watched, entry->fds[i].fd));
  g_array_set_size (entry->watched, 0);
  for (guint i = 0; i < entry->n_fds; i++)
    g_array_append_val (entry->watched, entry->fds[i].fd);
}

/* ---- one context ---- */

static void
set_ready (WherryTurns *self, Entry *entry)
{
  if (entry->is_ready)
    return;
  entry->is_ready = TRUE;
  g_array_append_val (self->ready, entry->slot);
}

/* The first half of an iteration, after which GLib would wait. */
static void
prepare (WherryTurns *self, Entry *entry)
{
  int timeout_ms;
  guint n;

  g_main_context_prepare (entry->context, &entry->priority);
  while ((n = (guint) g_main_context_query (entry->context, entry->priority, &timeout_ms,
                                            entry->fds, (int) entry->n_allocated))
         > entry->n_allocated)
    {
      entry->fds = g_renew (GPollFD, entry->fds, n);
      entry->n_allocated = n;
    }
  entry->n_fds = n;
  for (guint i = 0; i < n; i++)
    entry->fds[i].revents = 0;
  watch_all (self, entry);
  g_array_index (self->dues, gint64, entry->slot)
      = timeout_ms > 0 ? g_get_monotonic_time () + timeout_ms * 1000 : G_MAXINT64;
  if (timeout_ms == 0)
    set_ready (self, entry);
}

static void
iterate (WherryTurns *self, Entry *entry)
{
  entry->is_ready = FALSE;
  self->iterated = entry;
  g_main_context_push_thread_default (entry->context);
  if (g_main_context_check (entry->context, entry->priority, entry->fds, (int) entry->n_fds))
    g_main_context_dispatch (entry->context);
  prepare (self, entry);
  g_main_context_pop_thread_default (entry->context);
  self->iterated = NULL;
}

void
wherry_turns_add (WherryTurns *self, GMainContext *context)
{
  Entry *entry = g_new0 (Entry, 1);
  gint64 never = G_MAXINT64;

  current = self;
  entry->context = g_main_context_ref (context);
  entry->watched = g_array_new (FALSE, FALSE, sizeof (int));
  while (entry->slot < self->slots->len && g_ptr_array_index (self->slots, entry->slot) != NULL)
    entry->slot++;
  if (entry->slot == self->slots->len)
    {
      g_ptr_array_add (self->slots, entry);
      g_array_append_val (self->dues, never);
    }
  else
    g_ptr_array_index (self->slots, entry->slot) = entry;
  g_hash_table_insert (self->places, context, entry);
  if (!g_main_context_acquire (context))
    wherry_bug ("a context is somebody else's");
  prepare (self, entry);
}

void
wherry_turns_remove (WherryTurns *self, GMainContext *context)
{
  Entry *entry = g_hash_table_lookup (self->places, context);

  g_assert (entry != NULL && entry != self->iterated);
  entry->n_fds = 0;
  watch_all (self, entry);
  g_hash_table_remove (self->places, context);
  g_ptr_array_index (self->slots, entry->slot) = NULL;
  g_array_index (self->dues, gint64, entry->slot) = G_MAXINT64;
  g_main_context_release (context);
  g_main_context_unref (context);
  g_array_unref (entry->watched);
  g_free (entry->fds);
  g_free (entry);
  if (g_hash_table_size (self->places) == 0)
    current = NULL;
}

guint
wherry_turns_get_n_contexts (WherryTurns *self)
{
  return g_hash_table_size (self->places);
}

/* ---- all of them ---- */

static int
get_timeout_ms (WherryTurns *self)
{
  gint64 first = G_MAXINT64;
  gint64 wait_us;

  if (self->ready->len > 0)
    return 0;
  for (guint i = 0; i < self->dues->len; i++)
    first = MIN (first, g_array_index (self->dues, gint64, i));
  if (first == G_MAXINT64)
    return -1;
  wait_us = MAX (0, first - g_get_monotonic_time ());
  return (int) MIN ((wait_us + 999) / 1000, G_MAXINT);
}

static void
take_event (WherryTurns *self, const struct epoll_event *event)
{
  guint slot = (guint) (event->data.u64 >> 32);
  int fd = (int) (guint32) event->data.u64;
  Entry *entry = slot < self->slots->len ? g_ptr_array_index (self->slots, slot) : NULL;

  for (guint i = 0; entry != NULL && i < entry->n_fds; i++)
    if (entry->fds[i].fd == fd)
      {
        entry->fds[i].revents = (gushort) event->events;
        set_ready (self, entry);
      }
}

static void
take_due (WherryTurns *self)
{
  gint64 now_us = g_get_monotonic_time ();

  for (guint i = 0; i < self->dues->len; i++)
    if (g_array_index (self->dues, gint64, i) <= now_us)
      {
        g_array_index (self->dues, gint64, i) = G_MAXINT64;
        set_ready (self, g_ptr_array_index (self->slots, i));
      }
}

void
wherry_turns_run_once (WherryTurns *self)
{
  struct epoll_event events[EVENTS_MAX];
  int n = epoll_wait (self->epoll, events, EVENTS_MAX, get_timeout_ms (self));
  GArray *running = self->ready;

  for (int i = 0; i < n; i++)
    take_event (self, &events[i]);
  take_due (self);
  self->ready = self->running;
  self->running = running;
  for (guint i = 0; i < running->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->slots, g_array_index (running, guint, i));

      if (entry != NULL && entry->is_ready)
        iterate (self, entry);
    }
  g_array_set_size (running, 0);
}

void
wherry_turns_ring (GMainContext *context)
{
  Entry *entry = current != NULL ? g_hash_table_lookup (current->places, context) : NULL;

  if (entry != NULL && entry != current->iterated)
    set_ready (current, entry);
}
