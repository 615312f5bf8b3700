/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include <string.h>

#include "interop/wherry/channels.h"
#include "interop/wherry/lines.h"

#define HEAD_BYTES 24 /* what is told of a message's beginning */

static const char *
name_of (WherryDataChannel *channel)
{
  return g_object_get_data (G_OBJECT (channel), "name");
}

static void
on_open (WherryDataChannel *channel, gpointer data)
{
  JsonBuilder *line = line_begin ("event", "open");

  line_add_string (line, "channel", name_of (channel));
  line_add_int (line, "id", wherry_data_channel_get_id (channel));
  line_say (line);
}

static void
on_closed (WherryDataChannel *channel, gpointer data)
{
  JsonBuilder *line = line_begin ("event", "closed");

  line_add_string (line, "channel", name_of (channel));
  line_say (line);
}

static void
on_message (WherryDataChannel *channel, GBytes *bytes, gboolean is_text, gpointer data)
{
  JsonBuilder *line = line_begin ("event", "message");
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree char *head = NULL;
  gsize length;
  const char *payload = g_bytes_get_data (bytes, &length);
  gsize end = MIN (length, HEAD_BYTES);

  while (end > 0 && payload[end - 1] != ':')
    end--;
  head = g_strndup (payload, end);
  line_add_string (line, "channel", name_of (channel));
  line_add_string (line, "kind", is_text ? "text" : "binary");
  line_add_int (line, "size", (gint64) length);
  line_add_string (line, "sha256", sum);
  line_add_string (line, "head", head);
  line_say (line);
}

/* Takes the name. */
static void
watch (Channels *self, char *name, WherryDataChannel *channel)
{
  g_object_set_data_full (G_OBJECT (channel), "name", name, g_free);
  g_hash_table_insert (self->by_name, name, g_object_ref (channel));
  g_signal_connect (channel, "open", G_CALLBACK (on_open), NULL);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), NULL);
  g_signal_connect (channel, "message", G_CALLBACK (on_message), NULL);
}

void
channels_take (Channels *self, WherryDataChannel *channel)
{
  char *name = g_strdup_printf ("in%u", self->n_incoming++);
  JsonBuilder *line = line_begin ("event", "channel");

  line_add_string (line, "channel", name);
  line_add_string (line, "label", wherry_data_channel_get_label (channel));
  line_add_int (line, "id", wherry_data_channel_get_id (channel));
  line_add_string (line, "protocol", wherry_data_channel_get_protocol (channel));
  json_builder_set_member_name (line, "ordered");
  json_builder_add_boolean_value (line, wherry_data_channel_get_ordered (channel));
  line_add_int (line, "maxRetransmits", wherry_data_channel_get_max_retransmits (channel));
  line_add_int (line, "maxPacketLifeTime", wherry_data_channel_get_max_packet_life_time (channel));
  line_say (line);
  watch (self, name, channel);
}

gboolean
channels_create (Channels *self, WherryPeerConnection *connection, JsonObject *order,
                 const char *name, GError **error)
{
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannel) channel = NULL;
  const char *label = json_object_get_string_member_with_default (order, "label", "");

  init->ordered = json_object_get_boolean_member_with_default (order, "ordered", TRUE);
  init->negotiated = json_object_get_boolean_member_with_default (order, "negotiated", FALSE);
  init->id = (int) json_object_get_int_member_with_default (order, "id", -1);
  init->max_retransmits
      = (int) json_object_get_int_member_with_default (order, "maxRetransmits", -1);
  init->max_packet_life_time
      = (int) json_object_get_int_member_with_default (order, "maxPacketLifeTime", -1);
  wherry_data_channel_init_set_protocol (
      init, json_object_get_string_member_with_default (order, "protocol", ""));
  channel = wherry_peer_connection_create_data_channel (connection, label, init, error);
  if (channel == NULL)
    return FALSE;
  watch (self, g_strdup (name), channel);
  return TRUE;
}

static WherryDataChannel *
find (Channels *self, const char *name, GError **error)
{
  WherryDataChannel *channel = g_hash_table_lookup (self->by_name, name);

  if (channel == NULL)
    g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_NOT_FOUND, "There is no channel %s", name);
  return channel;
}

static void
say_sent (WherryDataChannel *channel, gint64 size)
{
  JsonBuilder *line = line_begin ("event", "sent");

  line_add_string (line, "channel", name_of (channel));
  line_add_int (line, "size", size);
  line_say (line);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryDataChannel *channel = WHERRY_DATA_CHANNEL (source);
  g_autoptr (GError) error = NULL;

  if (wherry_data_channel_send_bytes_finish (channel, result, &error))
    say_sent (channel, (gint64) GPOINTER_TO_SIZE (data));
  else
    line_say_failed ("send", name_of (channel), error);
}

static void
on_text_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryDataChannel *channel = WHERRY_DATA_CHANNEL (source);
  g_autoptr (GError) error = NULL;

  if (wherry_data_channel_send_text_finish (channel, result, &error))
    say_sent (channel, (gint64) GPOINTER_TO_SIZE (data));
  else
    line_say_failed ("send", name_of (channel), error);
}

/* At once; behind what waits for room where there is none. */
gboolean
channels_send (Channels *self, JsonObject *order, const char *name, GError **error)
{
  WherryDataChannel *channel = find (self, name, error);
  const char *head = json_object_get_string_member_with_default (order, "head", "");
  gsize size = (gsize) json_object_get_int_member_with_default (order, "size", 0);
  gboolean is_text
      = g_str_equal (json_object_get_string_member_with_default (order, "kind", "text"), "text");
  g_autofree char *payload = g_malloc (size + 1);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) own = NULL;

  for (gsize i = 0; i < size; i++)
    payload[i] = (char) ('a' + i % 26);
  memcpy (payload, head, MIN (strlen (head), size));
  payload[size] = '\0';
  bytes = g_bytes_new (payload, size);
  if (channel == NULL)
    return FALSE;
  if (is_text ? wherry_data_channel_send_text (channel, payload, &own)
              : wherry_data_channel_send_bytes (channel, bytes, &own))
    {
      say_sent (channel, (gint64) size);
      return TRUE;
    }
  if (!g_error_matches (own, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK))
    {
      g_propagate_error (error, g_steal_pointer (&own));
      return FALSE;
    }
  if (is_text)
    wherry_data_channel_send_text_async (channel, payload, NULL, on_text_sent,
                                         GSIZE_TO_POINTER (size));
  else
    wherry_data_channel_send_bytes_async (channel, bytes, NULL, on_sent, GSIZE_TO_POINTER (size));
  return TRUE;
}

gboolean
channels_close (Channels *self, const char *name, GError **error)
{
  WherryDataChannel *channel = find (self, name, error);

  if (channel == NULL)
    return FALSE;
  wherry_data_channel_close (channel);
  return TRUE;
}

void
channels_init (Channels *self)
{
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  self->n_incoming = 0;
}

void
channels_forget (Channels *self)
{
  g_hash_table_remove_all (self->by_name);
  self->n_incoming = 0;
}

void
channels_clear (Channels *self)
{
  g_clear_pointer (&self->by_name, g_hash_table_unref);
}
