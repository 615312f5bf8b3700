/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-channel"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#include "channel/wherry-channel-private.h"

G_DEFINE_FINAL_TYPE (WherryChannelSet, wherry_channel_set, G_TYPE_OBJECT)

static gsize
get_names_length (const WherryChannelInit *init)
{
  return strlen (init->label) + strlen (init->protocol);
}

void
wherry_channel_set_add (WherryChannelSet *self, WherryChannel *channel)
{
  g_ptr_array_add (self->channels, channel);
  if (channel->init.id != WHERRY_CHANNEL_ID_NONE)
    g_hash_table_insert (self->by_id, GUINT_TO_POINTER (channel->init.id), channel);
  if (!channel->theirs)
    return;
  self->n_theirs++;
  self->names_bytes += get_names_length (&channel->init);
}

void
wherry_channel_set_finish (WherryChannelSet *self, WherryChannel *channel)
{
  G_GNUC_UNUSED g_autoptr (WherryChannel) kept = g_object_ref (channel);

  if (channel->set == NULL)
    return;
  wherry_channel_control_forget (self, channel);
  channel->set = NULL;
  channel->state = WHERRY_CHANNEL_CLOSED;
  if (channel->theirs)
    {
      self->n_theirs--;
      self->names_bytes -= get_names_length (&channel->init);
    }
  if (channel->init.id != WHERRY_CHANNEL_ID_NONE)
    g_hash_table_remove (self->by_id, GUINT_TO_POINTER (channel->init.id));
  g_ptr_array_remove (self->channels, channel);
  if (self->events->closed != NULL)
    self->events->closed (self->user_data, channel);
}

GPtrArray *
wherry_channel_set_snapshot (WherryChannelSet *self)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->channels->len; i++)
    g_ptr_array_add (copy, g_object_ref (g_ptr_array_index (self->channels, i)));
  return copy;
}

gboolean
wherry_channel_set_has_room_for_names (WherryChannelSet *self, const WherryChannelInit *init)
{
  return get_names_length (init) <= WHERRY_CHANNEL_NAMES_MAX - self->names_bytes;
}

/* ---- ids ---- */

static gboolean
is_free (WherryChannelSet *self, guint id)
{
  return !g_hash_table_contains (self->by_id, GUINT_TO_POINTER (id))
         && !g_hash_table_contains (self->refused, GUINT_TO_POINTER (id));
}

/* RFC 8832 section 6: even for the DTLS client, odd for the server, each the lowest that is free.
 */
static gboolean
allocate_id (WherryChannelSet *self, WherryChannel *channel)
{
  for (guint id = self->is_dtls_client ? 0 : 1; id < WHERRY_SCTP_STREAMS_MAX; id += 2)
    if (is_free (self, id))
      {
        wherry_channel_set_id (channel, (guint16) id);
        g_hash_table_insert (self->by_id, GUINT_TO_POINTER (id), channel);
        return TRUE;
      }
  return FALSE;
}

gboolean
wherry_channel_set_take_id (WherryChannelSet *self, WherryChannel *channel, guint16 id)
{
  WHERRY_ASSERT_OWNER (self);

  if (channel->init.id != WHERRY_CHANNEL_ID_NONE || id >= WHERRY_SCTP_STREAMS_MAX
      || g_hash_table_contains (self->by_id, GUINT_TO_POINTER (id)))
    return FALSE;
  wherry_channel_set_id (channel, id);
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (id), channel);
  if (self->connected)
    wherry_channel_protocol_start (self, channel);
  else if (self->transport != NULL)
    wherry_stream_transport_ensure_streams (self->transport, id + 1u);
  return TRUE;
}

static gboolean
check_string (const char *what, const char *string, gsize max, GError **error)
{
  if (string == NULL || (strlen (string) <= max && g_utf8_validate (string, -1, NULL)))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
               "A channel's %s must be UTF-8 of at most %" G_GSIZE_FORMAT " bytes", what, max);
  return FALSE;
}

static gboolean
check_init (WherryChannelSet *self, const WherryChannelInit *init, GError **error)
{
  if (self->closed)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "The connection is closed");
      return FALSE;
    }
  if (!check_string ("label", init->label,
                     self->long_names ? WHERRY_CHANNEL_NAME_MAX : WHERRY_LABEL_MAX, error)
      || !check_string ("protocol", init->protocol,
                        self->long_names ? WHERRY_CHANNEL_NAME_MAX : WHERRY_CHANNEL_PROTOCOL_MAX,
                        error))
    return FALSE;
  if (init->negotiated && init->id >= WHERRY_SCTP_STREAMS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "A negotiated channel needs an id below %u", WHERRY_SCTP_STREAMS_MAX);
      return FALSE;
    }
  /* what is being reset is waited for */
  if (self->leaves_ids && !init->negotiated
          ? g_hash_table_contains (self->by_id, GUINT_TO_POINTER (init->id))
          : init->negotiated && !is_free (self, init->id))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "There is a channel with the id %u", init->id);
      return FALSE;
    }
  return TRUE;
}

gboolean
wherry_channel_set_check (WherryChannelSet *self, const WherryChannelInit *init, GError **error)
{
  guint n;

  WHERRY_ASSERT_OWNER (self);

  if (!check_init (self, init, error))
    return FALSE;
  n = self->connected ? wherry_stream_transport_get_n_streams (self->transport) : G_MAXUINT;
  if (!init->negotiated || init->id < n)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
               "The connection has %u streams: declare the channel with id %u before it is made", n,
               init->id);
  return FALSE;
}

WherryChannel *
wherry_channel_set_create (WherryChannelSet *self, const WherryChannelInit *init, GError **error)
{
  g_autoptr (WherryChannel) channel = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (!check_init (self, init, error))
    return NULL;
  channel = wherry_channel_new (self, init);
  if (!init->negotiated && !self->leaves_ids)
    {
      wherry_channel_set_id (channel, WHERRY_CHANNEL_ID_NONE);
      if (self->transport != NULL && !allocate_id (self, channel))
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "No stream is left for a channel");
          return NULL;
        }
    }
  wherry_channel_set_add (self, g_object_ref (channel));
  if (channel->init.id == WHERRY_CHANNEL_ID_NONE)
    return channel;
  if (self->connected)
    wherry_channel_protocol_start (self, channel);
  else if (self->transport != NULL)
    wherry_stream_transport_ensure_streams (self->transport, channel->init.id + 1u);
  /* borrowed: an event of start() may have closed it, and then the set has it no more */
  if (channel->set != NULL)
    return channel;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "The channel was closed as it was made");
  return NULL;
}

/* ---- life ---- */

void
wherry_channel_set_attach (WherryChannelSet *self, WherryStreamTransport *transport,
                           gboolean is_dtls_client)
{
  g_autoptr (GPtrArray) channels = wherry_channel_set_snapshot (self);

  WHERRY_ASSERT_OWNER (self);

  if (self->closed || self->transport != NULL)
    return;
  self->transport = g_object_ref (transport);
  self->is_dtls_client = is_dtls_client;
  for (guint i = 0; i < channels->len; i++)
    {
      WherryChannel *channel = g_ptr_array_index (channels, i);

      if (channel->init.id == WHERRY_CHANNEL_ID_NONE && self->leaves_ids)
        continue;
      if (channel->init.id == WHERRY_CHANNEL_ID_NONE && !allocate_id (self, channel))
        wherry_channel_set_finish (self, channel);
      else
        /* before the handshake: it asks for as many */
        wherry_stream_transport_ensure_streams (transport, channel->init.id + 1u);
    }
  wherry_stream_transport_set_events (transport, &wherry_channel_protocol_events, self);
  if (wherry_stream_transport_get_state (transport) == WHERRY_TRANSPORT_CONNECTED)
    wherry_channel_protocol_connected (self);
}

void
wherry_channel_set_replace (WherryChannelSet *self, WherryStreamTransport *transport,
                            gboolean is_dtls_client)
{
  WHERRY_ASSERT_OWNER (self);

  if (self->closed || self->connected)
    return;
  if (self->transport != NULL)
    wherry_stream_transport_set_events (self->transport, NULL, NULL);
  g_clear_object (&self->transport);
  wherry_channel_set_attach (self, transport, is_dtls_client);
}

void
wherry_channel_set_close (WherryChannelSet *self)
{
  G_GNUC_UNUSED g_autoptr (WherryChannelSet) kept = g_object_ref (self);

  WHERRY_ASSERT_OWNER (self);

  self->closed = TRUE;
  self->connected = FALSE;
  wherry_channel_control_forget (self, NULL);
  wherry_channel_held_clear (self);
  if (self->transport != NULL)
    wherry_stream_transport_set_events (self->transport, NULL, NULL);
  g_clear_object (&self->transport);
  while (self->channels->len > 0)
    wherry_channel_set_finish (self, g_ptr_array_index (self->channels, 0));
}

void
wherry_channel_set_allow_long_names (WherryChannelSet *self)
{
  self->long_names = TRUE;
}

void
wherry_channel_set_leave_ids (WherryChannelSet *self)
{
  self->leaves_ids = TRUE;
}

gboolean
wherry_channel_set_is_closed (WherryChannelSet *self)
{
  return self->closed;
}

guint
wherry_channel_set_get_n_channels (WherryChannelSet *self)
{
  return self->channels->len;
}

WherryChannel *
wherry_channel_set_lookup (WherryChannelSet *self, guint16 id)
{
  return g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
}

static void
wherry_channel_set_dispose (GObject *object)
{
  WherryChannelSet *self = WHERRY_CHANNEL_SET (object);

  if (!self->closed)
    wherry_channel_set_close (self);
  G_OBJECT_CLASS (wherry_channel_set_parent_class)->dispose (object);
}

static void
wherry_channel_set_finalize (GObject *object)
{
  WherryChannelSet *self = WHERRY_CHANNEL_SET (object);

  g_ptr_array_unref (self->channels);
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->refused);
  g_hash_table_unref (self->held);
  G_OBJECT_CLASS (wherry_channel_set_parent_class)->finalize (object);
}

static void
wherry_channel_set_class_init (WherryChannelSetClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = wherry_channel_set_dispose;
  object_class->finalize = wherry_channel_set_finalize;
}

static void
wherry_channel_set_init (WherryChannelSet *self)
{
  wherry_owner_init (&self->owner);
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_id = g_hash_table_new (NULL, NULL);
  self->refused = g_hash_table_new (NULL, NULL);
  self->held = g_hash_table_new (NULL, NULL);
  g_queue_init (&self->control);
}

WherryChannelSet *
wherry_channel_set_new (guint max_channels, const WherryChannelSetEvents *events,
                        gpointer user_data)
{
  WherryChannelSet *self = g_object_new (WHERRY_TYPE_CHANNEL_SET, NULL);

  self->max_channels = max_channels;
  self->events = events;
  self->user_data = user_data;
  return self;
}
