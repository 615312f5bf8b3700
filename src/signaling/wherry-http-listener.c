/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "signaling/wherry-http-listener.h"

/* After an accept() that failed for want of descriptors: long enough for some to come back. */
#define ACCEPT_RETRY_US (100 * G_TIME_SPAN_MILLISECOND)
#define BACKLOG 512

typedef struct
{
  WherryCountedStream *stream; /* not referenced: its closed function removes the entry */
  WherryHttpPhase phase;
  gint64 deadline_us;
  GList link; /* in phases[phase], oldest deadline first */
} Entry;

typedef struct
{
  WherryHttpListener *listener;
  GSocket *socket;
  GSource *source; /* NULL while it waits for descriptors */
} Listening;

struct _WherryHttpListener
{
  /* hub thread only */
  GMainContext *context;
  WherryClock *clock;
  guint connections_max;
  gint64 deadline_us;
  WherryHttpAcceptFunc accept;
  gpointer accept_data;
  GPtrArray *listening; /* of Listening */
  GHashTable *entries;  /* WherryCountedStream to Entry */
  GQueue phases[WHERRY_HTTP_UPGRADED + 1];
  GSource *deadline;
  GSource *retry;
};

static void arm_deadline (WherryHttpListener *self);
static void start_listening (Listening *listening);

static void
entry_free (gpointer data)
{
  g_free (data);
}

static void
listening_free (gpointer data)
{
  Listening *listening = data;

  wherry_clock_clear_source (&listening->source);
  g_socket_close (listening->socket, NULL);
  g_object_unref (listening->socket);
  g_free (listening);
}

static void
on_stream_closed (WherryCountedStream *stream, gpointer user_data)
{
  WherryHttpListener *self = user_data;
  Entry *entry = g_hash_table_lookup (self->entries, stream);

  g_queue_unlink (&self->phases[entry->phase], &entry->link);
  g_hash_table_remove (self->entries, stream);
}

static gboolean
on_deadline (gpointer data)
{
  WherryHttpListener *self = data;
  gint64 now_us = wherry_clock_now_us (self->clock);

  for (guint phase = 0; phase < WHERRY_HTTP_UPGRADED; phase++)
    {
      GQueue *queue = &self->phases[phase];

      for (GList *l = queue->head, *next; l != NULL; l = next)
        {
          Entry *entry = l->data;

          next = l->next;
          if (entry->deadline_us > now_us)
            break;
          wherry_counter_inc (WHERRY_COUNTER_SOCKETS_REFUSED);
          wherry_counted_stream_abort (entry->stream);
          /* it is removed when libsoup lets go of it */
          g_queue_unlink (queue, &entry->link);
          entry->deadline_us = now_us + self->deadline_us;
          g_queue_push_tail_link (queue, &entry->link);
        }
    }

  wherry_clock_clear_source (&self->deadline);
  arm_deadline (self);
  return G_SOURCE_REMOVE;
}

/* A timer is there whenever a connection has a deadline. */
static void
arm_deadline (WherryHttpListener *self)
{
  gint64 first_us = G_MAXINT64;
  gint64 wait_us;

  if (self->deadline != NULL)
    return;

  for (guint phase = 0; phase < WHERRY_HTTP_UPGRADED; phase++)
    {
      Entry *entry = g_queue_peek_head (&self->phases[phase]);

      if (entry != NULL)
        first_us = MIN (first_us, entry->deadline_us);
    }
  if (first_us == G_MAXINT64)
    return;

  wait_us = first_us - wherry_clock_now_us (self->clock);
  wait_us = CLAMP (wait_us, 10 * G_TIME_SPAN_MILLISECOND, G_TIME_SPAN_SECOND);
  self->deadline = wherry_clock_add (self->clock, self->context, wait_us, on_deadline, self);
}

/* FALSE: every connection is at work. */
static gboolean
make_room (WherryHttpListener *self)
{
  for (GList *l = self->phases[WHERRY_HTTP_HEADERS].head; l != NULL; l = l->next)
    {
      Entry *entry = l->data;

      if (wherry_counted_stream_is_aborted (entry->stream))
        continue;
      wherry_counter_inc (WHERRY_COUNTER_SOCKETS_REFUSED);
      wherry_counted_stream_abort (entry->stream);
      return TRUE;
    }
  return FALSE;
}

static void
take_connection (WherryHttpListener *self, GSocket *socket)
{
  g_autoptr (WherryCountedStream) stream = NULL;
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  Entry *entry;

  if (local == NULL || remote == NULL)
    return; /* gone already */
  if (g_hash_table_size (self->entries) >= self->connections_max && !make_room (self))
    {
      wherry_counter_inc (WHERRY_COUNTER_SOCKETS_REFUSED);
      wherry_debug (NULL, "Refused a connection: there are %u", self->connections_max);
      return;
    }

  stream = wherry_counted_stream_new (socket, self->clock);
  entry = g_new0 (Entry, 1);
  entry->stream = stream;
  entry->phase = WHERRY_HTTP_HEADERS;
  entry->deadline_us = wherry_clock_now_us (self->clock) + self->deadline_us;
  entry->link.data = entry;
  g_queue_push_tail_link (&self->phases[entry->phase], &entry->link);
  g_hash_table_insert (self->entries, stream, entry);
  wherry_counted_stream_set_closed_func (stream, on_stream_closed, self);
  arm_deadline (self);

  self->accept (stream, local, remote, self->accept_data);
}

static gboolean
on_retry (gpointer data)
{
  WherryHttpListener *self = data;

  wherry_clock_clear_source (&self->retry);
  for (guint i = 0; i < self->listening->len; i++)
    start_listening (self->listening->pdata[i]);
  return G_SOURCE_REMOVE;
}

static gboolean
on_incoming (GSocket *socket, GIOCondition condition, gpointer data)
{
  Listening *listening = data;
  WherryHttpListener *self = listening->listener;

  for (guint i = 0; i < WHERRY_DISPATCH_BATCH; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) client = g_socket_accept (socket, NULL, &error);

      if (client != NULL)
        {
          take_connection (self, client);
          continue;
        }
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        break;
      /* A connection that is gone again, or no descriptor left: the socket stays readable, so it is
       * left alone for a while instead of spinning. */
      wherry_counter_inc (WHERRY_COUNTER_SOCKETS_REFUSED);
      wherry_debug (NULL, "Could not accept a connection: %s", error->message);
      make_room (self);
      wherry_clock_clear_source (&listening->source);
      if (self->retry == NULL)
        self->retry
            = wherry_clock_add (self->clock, self->context, ACCEPT_RETRY_US, on_retry, self);
      return G_SOURCE_REMOVE;
    }
  return G_SOURCE_CONTINUE;
}

static void
start_listening (Listening *listening)
{
  if (listening->source != NULL)
    return;

  listening->source = g_socket_create_source (listening->socket, G_IO_IN, NULL);
  g_source_set_callback (listening->source, G_SOURCE_FUNC (on_incoming), listening, NULL);
  g_source_attach (listening->source, listening->listener->context);
}

WherryHttpListener *
wherry_http_listener_new (guint connections_max, gint64 deadline_us, WherryClock *clock,
                          WherryHttpAcceptFunc accept, gpointer user_data)
{
  WherryHttpListener *self = g_new0 (WherryHttpListener, 1);

  self->context = g_main_context_ref_thread_default ();
  self->clock = wherry_clock_ref (clock != NULL ? clock : wherry_clock_system ());
  self->connections_max = connections_max;
  self->deadline_us = deadline_us;
  self->accept = accept;
  self->accept_data = user_data;
  self->listening = g_ptr_array_new_with_free_func (listening_free);
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, entry_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->phases); i++)
    g_queue_init (&self->phases[i]);
  return self;
}

void
wherry_http_listener_free (WherryHttpListener *self)
{
  GHashTableIter iter;
  gpointer stream;

  wherry_http_listener_stop (self);
  wherry_http_listener_abort_all (self);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, &stream, NULL))
    wherry_counted_stream_set_closed_func (stream, NULL, NULL);
  wherry_clock_clear_source (&self->deadline);
  g_hash_table_unref (self->entries);
  g_ptr_array_unref (self->listening);
  wherry_clock_unref (self->clock);
  g_main_context_unref (self->context);
  g_free (self);
}

GSocketAddress *
wherry_http_listener_add (WherryHttpListener *self, GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  Listening *listening;

  socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                         G_SOCKET_PROTOCOL_TCP, error);
  if (socket == NULL)
    return NULL;

  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;
  bound = g_socket_get_local_address (socket, error);
  if (bound == NULL)
    return NULL;

  listening = g_new0 (Listening, 1);
  listening->listener = self;
  listening->socket = g_steal_pointer (&socket);
  g_ptr_array_add (self->listening, listening);
  start_listening (listening);
  return g_steal_pointer (&bound);
}

void
wherry_http_listener_stop (WherryHttpListener *self)
{
  wherry_clock_clear_source (&self->retry);
  g_ptr_array_set_size (self->listening, 0);
}

void
wherry_http_listener_abort_all (WherryHttpListener *self)
{
  GHashTableIter iter;
  gpointer stream;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, &stream, NULL))
    wherry_counted_stream_abort (stream);
}

void
wherry_http_listener_set_phase (WherryHttpListener *self, WherryCountedStream *stream,
                                WherryHttpPhase phase)
{
  Entry *entry = g_hash_table_lookup (self->entries, stream);

  if (entry == NULL || entry->phase == phase)
    return; /* closed meanwhile */

  g_queue_unlink (&self->phases[entry->phase], &entry->link);
  entry->phase = phase;
  entry->deadline_us = wherry_clock_now_us (self->clock) + self->deadline_us;
  g_queue_push_tail_link (&self->phases[phase], &entry->link);
}

guint
wherry_http_listener_get_n_connections (WherryHttpListener *self)
{
  return g_hash_table_size (self->entries);
}

guint
wherry_http_listener_get_n_upgraded (WherryHttpListener *self)
{
  return self->phases[WHERRY_HTTP_UPGRADED].length;
}
