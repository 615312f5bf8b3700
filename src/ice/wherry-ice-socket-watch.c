/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include <sys/socket.h>

#include "base/wherry-limits.h"
#include "ice/wherry-ice-socket-watch.h"

struct _WherryIceSocketWatch
{
  GSource source;
  GSocket *socket;
  gpointer tag;
  GSource *rest; /* while the other has its turn */
  const WherryIceSocketWatchEvents *events;
  gpointer user_data;
};

static gboolean
on_rested (gpointer user_data)
{
  WherryIceSocketWatch *self = user_data;

  g_clear_pointer (&self->rest, g_source_unref);
  g_source_modify_unix_fd (&self->source, self->tag, G_IO_IN);
  return G_SOURCE_REMOVE;
}

/* Ours has the higher priority, and would keep the other from ever reading what is its own. */
static void
rest (WherryIceSocketWatch *self)
{
  g_source_modify_unix_fd (&self->source, self->tag, 0);
  self->rest = g_idle_source_new ();
  g_source_set_priority (self->rest, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->rest, on_rested, self, NULL);
  g_source_attach (self->rest, g_source_get_context (&self->source));
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  WherryIceSocketWatch *self = (WherryIceSocketWatch *) source;
  guint8 data[WHERRY_DATAGRAM_MAX];
  int fd = g_socket_get_fd (self->socket);
  ssize_t length = recv (fd, data, sizeof data, MSG_PEEK | MSG_DONTWAIT);

  if (length < 0 || !self->events->is_ours (self->user_data, self, data, (gsize) length))
    {
      rest (self);
      return G_SOURCE_CONTINUE;
    }
  length = recv (fd, data, sizeof data, MSG_DONTWAIT);
  if (length >= 0)
    self->events->packet (self->user_data, self, data, (gsize) length);
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  WherryIceSocketWatch *self = (WherryIceSocketWatch *) source;

  g_clear_object (&self->socket);
}

static GSourceFuncs source_funcs = { .dispatch = dispatch, .finalize = finalize };

WherryIceSocketWatch *
wherry_ice_socket_watch_new (GSocket *socket, GMainContext *context,
                             const WherryIceSocketWatchEvents *events, gpointer user_data)
{
  GSource *source = g_source_new (&source_funcs, sizeof (WherryIceSocketWatch));
  WherryIceSocketWatch *self = (WherryIceSocketWatch *) source;

  self->socket = g_object_ref (socket);
  self->events = events;
  self->user_data = user_data;
  self->tag = g_source_add_unix_fd (source, g_socket_get_fd (socket), G_IO_IN);
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_attach (source, context);
  return self;
}

void
wherry_ice_socket_watch_free (WherryIceSocketWatch *self)
{
  if (self->rest != NULL)
    g_source_destroy (self->rest);
  g_clear_pointer (&self->rest, g_source_unref);
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}
