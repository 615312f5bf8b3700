/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fixtures/wherry-test-client.h"
#include "wire/wherry-json.h"

/* The native test client as a participant: wherry-participant URL ROOM NAME offers|called. It joins
 * by itself; channels are then driven with the lines of ../participant.md's direct mode, and are
 * called by their labels. */

#define CHANNELS_MAX 16
#define LINE_MAX_BYTES 4096
#define TICK_MS 5 /* how often it looks for what has changed */

typedef struct
{
  WherryTestClientConfig config;
  WherryTestClient *client; /* from "offer" or "call" on */
  GMainLoop *loop;
  WherryChannelInit channels[CHANNELS_MAX];
  gboolean said_open[CHANNELS_MAX];
  gboolean said_ready;
} Participant;

/* Takes the writer. */
static void
say (WherryJsonWriter *writer)
{
  g_autofree char *line = NULL;

  wherry_json_writer_end_object (writer);
  line = wherry_json_writer_finish (writer, NULL);
  g_print ("%s\n", line); /* one call: the peer thread says things too */
}

static WherryJsonWriter *
begin (const char *event)
{
  WherryJsonWriter *writer = wherry_json_writer_new ();

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "event", event);
  return writer;
}

static void
on_message (const char *label, WherryMessage *message, gpointer user_data)
{
  WherryJsonWriter *writer = begin ("message");
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, length);
  gsize head = MIN (length, 24);
  g_autofree char *text = NULL;

  while (head > 0 && data[head - 1] != ':')
    head--;
  text = g_strndup ((const char *) data, head);
  wherry_json_writer_string (writer, "channel", label);
  wherry_json_writer_string (writer, "kind",
                             wherry_message_get_kind (message) == WHERRY_MESSAGE_TEXT ? "text"
                                                                                      : "binary");
  wherry_json_writer_uint (writer, "size", length);
  wherry_json_writer_string (writer, "sha256", sum);
  wherry_json_writer_string (writer, "head", text);
  say (writer);
}

static void
create (Participant *self, WherryJsonObject *order, const char *channel)
{
  WherryChannelInit *init;
  gint64 retransmits;
  gint64 lifetime;
  gint64 id;

  g_assert_cmpuint (self->config.n_channels, <, CHANNELS_MAX);
  init = &self->channels[self->config.n_channels++];
  init->label = g_strdup (channel);
  init->protocol = "";
  wherry_json_object_get_bool_or (order, "ordered", TRUE, &init->ordered, NULL);
  wherry_json_object_get_bool_or (order, "negotiated", FALSE, &init->negotiated, NULL);
  wherry_json_object_get_int_or (order, "maxRetransmits", 0, G_MAXUINT16, -1, &retransmits, NULL);
  wherry_json_object_get_int_or (order, "maxPacketLifeTime", 0, G_MAXUINT16, -1, &lifetime, NULL);
  wherry_json_object_get_int_or (order, "id", 0, G_MAXUINT16, WHERRY_CHANNEL_ID_NONE, &id, NULL);
  init->id = (guint16) id;
  if (retransmits >= 0)
    {
      init->reliability = WHERRY_MAX_RETRANSMITS;
      init->reliability_value = (guint32) retransmits;
    }
  else if (lifetime >= 0)
    {
      init->reliability = WHERRY_MAX_PACKET_LIFE_TIME;
      init->reliability_value = (guint32) lifetime;
    }
  if (self->client != NULL)
    wherry_test_client_open_channel (self->client, init);
}

static void
send_one (Participant *self, WherryJsonObject *order, const char *channel)
{
  const char *kind = "text";
  const char *head = "";
  gint64 size = 0;
  g_autofree char *data = NULL;

  wherry_json_object_get_string_or (order, "kind", 8, "text", &kind, NULL);
  wherry_json_object_get_string_or (order, "head", 64, "", &head, NULL);
  wherry_json_object_get_int_or (order, "size", 0, G_MAXINT32, 0, &size, NULL);
  data = g_malloc ((gsize) size + 1);
  for (gint64 i = 0; i < size; i++)
    data[i] = (char) ('a' + i % 26);
  memcpy (data, head, MIN (strlen (head), (gsize) size));
  wherry_test_client_send (self->client, channel,
                           g_str_equal (kind, "text") ? WHERRY_MESSAGE_TEXT : WHERRY_MESSAGE_BINARY,
                           data, (gsize) size);
}

static void
obey (Participant *self, WherryJsonObject *order)
{
  const char *what = "";
  const char *channel = "";

  wherry_json_object_get_string_or (order, "do", 16, "", &what, NULL);
  wherry_json_object_get_string_or (order, "channel", 64, "", &channel, NULL);
  if (g_str_equal (what, "create"))
    create (self, order, channel);
  else if (g_str_equal (what, "send"))
    send_one (self, order, channel);
  else if (g_str_equal (what, "offer") || g_str_equal (what, "call"))
    {
      self->config.mode = g_str_equal (what, "call") ? WHERRY_TEST_CALL : WHERRY_TEST_OFFER;
      self->client = wherry_test_client_new (&self->config);
    }
  else if (g_str_equal (what, "close"))
    wherry_test_client_close_channel (self->client, channel);
  else if (g_str_equal (what, "restart"))
    wherry_test_client_restart_ice (self->client);
  else if (g_str_equal (what, "quit"))
    g_main_loop_quit (self->loop);
  else
    g_error ("no such order: %s", what);
}

static gboolean
on_line (GIOChannel *input, GIOCondition condition, gpointer data)
{
  Participant *self = data;
  const WherryJsonLimits limits = { .length = LINE_MAX_BYTES, .depth = 8 };
  g_autoptr (WherryJsonObject) order = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  gsize length;

  if (g_io_channel_read_line (input, &line, &length, NULL, NULL) != G_IO_STATUS_NORMAL)
    {
      g_main_loop_quit (self->loop);
      return G_SOURCE_REMOVE;
    }
  order = wherry_json_object_parse (line, length, &limits, &error);
  g_assert_no_error (error);
  obey (self, order);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_tick (gpointer data)
{
  Participant *self = data;

  if (self->client == NULL)
    return G_SOURCE_CONTINUE;
  if (!self->said_ready && wherry_test_client_is_connected (self->client))
    {
      WherryJsonWriter *writer = begin ("ready");

      self->said_ready = TRUE;
      wherry_json_writer_string (writer, "id", wherry_test_client_get_id (self->client));
      say (writer);
    }
  for (guint i = 0; i < self->config.n_channels; i++)
    {
      const char *label = self->channels[i].label;
      gboolean open = wherry_test_client_is_open (self->client, label);

      if (open != self->said_open[i])
        {
          WherryJsonWriter *writer = begin (open ? "open" : "closed");

          self->said_open[i] = open;
          wherry_json_writer_string (writer, "channel", label);
          say (writer);
        }
    }
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Participant self = {
    .config = { .message = on_message, .forget_messages = TRUE },
  };
  GIOChannel *input = g_io_channel_unix_new (0);

  g_assert_cmpint (argc, ==, 4);
  self.config.url = argv[1];
  self.config.room = argv[2];
  self.config.name = argv[3];
  self.config.channels = self.channels;
  self.loop = g_main_loop_new (NULL, FALSE);
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, on_line, &self);
  g_timeout_add (TICK_MS, on_tick, &self);
  g_main_loop_run (self.loop);

  g_clear_pointer (&self.client, wherry_test_client_free);
  for (guint i = 0; i < self.config.n_channels; i++)
    g_free ((char *) self.channels[i].label);
  g_main_loop_unref (self.loop);
  g_io_channel_unref (input);
  return 0;
}
