/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-session-private.h"

#include <string.h>

/* Of a join, which has at most 64 KiB; a byte is written in six at most (\u001f). */
#define OPENS_BYTES (8 * 1024)
#define JSON_GROWTH 6
#define JSON_AROUND 3

struct _WherryClientSession
{
  /* creator only */
  const WherryClientSessionEvents *events;
  gpointer user_data;
  char *token;         /* a secret. NULL: the next join is a new one */
  gboolean was_joined; /* and was to be resumed */
  gboolean framed;
  gsize max_message_size;
  GHashTable *topics;               /* label to WherryClientTopic */
  GPtrArray *channels;              /* of WherryClientChannel */
  GPtrArray *kept;                  /* of WherryPeerConnection */
  WherryPeerConnection *connection; /* NULL: there is none */
};

static void
topic_free (gpointer data)
{
  wherry_client_topic_free (data);
}

WherryClientSession *
wherry_client_session_new (const WherryClientSessionEvents *events, gpointer user_data)
{
  WherryClientSession *self = g_new0 (WherryClientSession, 1);

  self->events = events;
  self->user_data = user_data;
  self->topics = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, topic_free);
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->kept = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

static void
close_kept (WherryClientSession *self)
{
  for (guint i = 0; i < self->kept->len; i++)
    wherry_peer_connection_close (g_ptr_array_index (self->kept, i));
  g_ptr_array_set_size (self->kept, 0);
}

/* (transfer full): what is called may change the list. */
static GPtrArray *
list_channels (WherryClientSession *self)
{
  return g_ptr_array_copy (self->channels, (GCopyFunc) (gpointer) g_object_ref, NULL);
}

static void
end_channels (WherryClientSession *self, gboolean mirrored_only, gboolean tell)
{
  g_autoptr (GPtrArray) channels = list_channels (self);

  for (guint i = 0; i < channels->len; i++)
    {
      WherryClientChannel *channel = g_ptr_array_index (channels, i);

      if (mirrored_only && !wherry_client_channel_get_mirrored (channel))
        continue;
      g_ptr_array_remove (self->channels, channel);
      wherry_client_channel_end (channel, tell);
    }
}

static void
clear (WherryClientSession *self, gboolean tell)
{
  g_clear_pointer (&self->token, g_free);
  self->was_joined = FALSE;
  g_clear_object (&self->connection);
  close_kept (self);
  end_channels (self, FALSE, tell);
  g_hash_table_remove_all (self->topics);
}

void
wherry_client_session_free (WherryClientSession *self)
{
  clear (self, FALSE);
  g_hash_table_unref (self->topics);
  g_ptr_array_unref (self->channels);
  g_ptr_array_unref (self->kept);
  g_free (self);
}

void
wherry_client_session_end (WherryClientSession *self)
{
  clear (self, TRUE);
}

/* ---- joining ---- */

const char *
wherry_client_session_get_token (WherryClientSession *self)
{
  return self->token;
}

GPtrArray *
wherry_client_session_list_places (WherryClientSession *self)
{
  GPtrArray *places = wherry_signal_places_new ();
  GHashTableIter iter;
  gpointer label, value;

  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, &label, &value))
    {
      const WherryClientTopic *topic = value;
      WherrySignalPlace *place = wherry_signal_places_get (places, label);

      place->seen = topic->seen;
      place->direct = topic->direct;
    }
  return places;
}

GPtrArray *
wherry_client_session_list_opens (WherryClientSession *self)
{
  GPtrArray *opens = g_ptr_array_new ();
  gsize bytes = 0;

  for (guint i = 0; i < self->channels->len; i++)
    {
      WherryClientChannel *channel = g_ptr_array_index (self->channels, i);
      const char *topic = wherry_client_channel_get_topic (channel);

      if (wherry_client_channel_get_mirrored (channel)
          || g_ptr_array_find_with_equal_func (opens, topic, g_str_equal, NULL))
        continue;
      bytes += JSON_GROWTH * strlen (topic) + JSON_AROUND;
      if (bytes > OPENS_BYTES)
        break;
      g_ptr_array_add (opens, (gpointer) topic);
    }
  g_ptr_array_add (opens, NULL);
  return opens;
}

void
wherry_client_session_refuse (WherryClientSession *self)
{
  g_clear_pointer (&self->token, g_free);
}

static guint64
accepted_of (const GPtrArray *places, const char *label)
{
  for (guint i = 0; places != NULL && i < places->len; i++)
    {
      const WherrySignalPlace *place = g_ptr_array_index (places, i);

      if (g_str_equal (place->topic, label))
        return place->accepted;
    }
  return 0;
}

static void
pump_all (WherryClientSession *self)
{
  g_autoptr (GPtrArray) channels = list_channels (self);

  for (guint i = 0; i < channels->len; i++)
    wherry_client_channel_pump (g_ptr_array_index (channels, i));
}

/* Others may have spoken, and what was not acknowledged may not have arrived: to send it again
 * could be to send it twice. */
static void
interrupt (WherryClientSession *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) topics = NULL;
  GHashTableIter iter;
  gpointer label;

  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, &label, NULL))
    g_strv_builder_add (builder, label);
  topics = g_strv_builder_end (builder);
  g_hash_table_remove_all (self->topics);
  end_channels (self, TRUE, TRUE);
  self->events->gap (self->user_data, (const char *const *) topics);
}

void
wherry_client_session_take_joined (WherryClientSession *self, const WherrySignal *joined,
                                   gboolean wanted)
{
  gboolean was_joined = self->was_joined;
  GHashTableIter iter;
  gpointer label, value;

  g_free (self->token);
  self->token = wanted ? g_strdup (joined->resume) : NULL;
  self->was_joined = self->token != NULL;
  self->framed = wanted && joined->features != NULL
                 && g_strv_contains ((const char *const *) joined->features, "addressed");
  self->max_message_size = (gsize) joined->max_message_size;
  close_kept (self);
  if (!joined->resumed)
    {
      if (was_joined)
        interrupt (self);
      else
        g_hash_table_remove_all (self->topics);
      return;
    }
  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, &label, &value))
    wherry_client_topic_acknowledge (value, accepted_of (joined->places, label));
  self->events->resumed (self->user_data);
}

void
wherry_client_session_take_ack (WherryClientSession *self, const WherrySignal *ack)
{
  gboolean has_room = FALSE;

  for (guint i = 0; ack->places != NULL && i < ack->places->len; i++)
    {
      const WherrySignalPlace *place = g_ptr_array_index (ack->places, i);
      WherryClientTopic *topic = g_hash_table_lookup (self->topics, place->topic);

      has_room |= topic != NULL && wherry_client_topic_acknowledge (topic, place->accepted);
    }
  if (has_room)
    pump_all (self);
}

/* ---- connections ---- */

/* A mirror that has something to say does not wait for the relay to open it again. */
static gboolean
must_attach (WherryClientSession *self, WherryClientChannel *channel)
{
  const WherryClientTopic *topic
      = g_hash_table_lookup (self->topics, wherry_client_channel_get_topic (channel));

  return !wherry_client_channel_get_mirrored (channel)
         || wherry_client_channel_has_waiting (channel) || (topic != NULL && topic->bytes > 0);
}

void
wherry_client_session_attach (WherryClientSession *self, WherryPeerConnection *connection)
{
  g_autoptr (GPtrArray) channels = list_channels (self);

  g_set_object (&self->connection, connection);
  for (guint i = 0; i < channels->len; i++)
    if (must_attach (self, g_ptr_array_index (channels, i)))
      wherry_client_channel_attach (g_ptr_array_index (channels, i), connection, NULL);
}

gboolean
wherry_client_session_take_channel (WherryClientSession *self, WherryDataChannel *carrier)
{
  const char *label = wherry_data_channel_get_label (carrier);
  WherryClientChannel *own = NULL;
  g_autoptr (WherryClientChannel) channel = NULL;

  if (!self->framed
      || strcmp (wherry_data_channel_get_protocol (carrier), WHERRY_FRAME_PROTOCOL) != 0)
    return FALSE;
  for (guint i = 0; i < self->channels->len; i++)
    {
      WherryClientChannel *other = g_ptr_array_index (self->channels, i);

      if (strcmp (wherry_client_channel_get_topic (other), label) != 0)
        continue;
      if (wherry_client_channel_get_mirrored (other) && !wherry_client_channel_is_carried (other))
        {
          wherry_client_channel_attach (other, NULL, carrier);
          return TRUE;
        }
      if (wherry_client_channel_is_own (other))
        own = other;
    }
  if (own != NULL)
    {
      wherry_client_channel_adopt (own, carrier);
      return TRUE;
    }
  channel = wherry_client_channel_new (self, label, NULL, TRUE);
  g_ptr_array_add (self->channels, g_object_ref (channel));
  self->events->channel (self->user_data, channel);
  /* who was told of it listens now */
  wherry_client_channel_attach (channel, NULL, carrier);
  return TRUE;
}

void
wherry_client_session_cut (WherryClientSession *self)
{
  g_autoptr (GPtrArray) channels = list_channels (self);
  GHashTableIter iter;
  gpointer value;

  g_clear_object (&self->connection);
  g_hash_table_iter_init (&iter, self->topics);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    wherry_client_topic_cut (value);
  for (guint i = 0; i < channels->len; i++)
    wherry_client_channel_cut (g_ptr_array_index (channels, i), self->token != NULL);
}

void
wherry_client_session_keep (WherryClientSession *self, WherryPeerConnection *connection)
{
  if (self->token == NULL)
    wherry_peer_connection_close (connection);
  else
    g_ptr_array_add (self->kept, g_object_ref (connection));
  g_object_unref (connection);
}

/* ---- channels ---- */

WherryClientChannel *
wherry_client_session_open (WherryClientSession *self, const char *topic,
                            const WherryDataChannelInit *init)
{
  WherryClientChannel *channel = wherry_client_channel_new (self, topic, init, FALSE);

  g_ptr_array_add (self->channels, g_object_ref (channel));
  if (self->connection != NULL)
    wherry_client_channel_attach (channel, self->connection, NULL);
  return channel;
}

void
wherry_client_session_forget (WherryClientSession *self, WherryClientChannel *channel)
{
  g_ptr_array_remove (self->channels, channel);
}

gboolean
wherry_client_session_is_framed (WherryClientSession *self)
{
  return self->framed;
}

gsize
wherry_client_session_get_max_message_size (WherryClientSession *self)
{
  gsize header = self->framed ? WHERRY_FRAME_HEADER_SIZE : 0;

  return MAX (self->max_message_size, header) - header;
}

WherryClientTopic *
wherry_client_session_get_topic (WherryClientSession *self, const char *label)
{
  WherryClientTopic *topic = g_hash_table_lookup (self->topics, label);

  if (topic == NULL)
    {
      topic = wherry_client_topic_new ();
      g_hash_table_insert (self->topics, g_strdup (label), topic);
    }
  return topic;
}
