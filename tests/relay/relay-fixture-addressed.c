/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "relay-fixture.h"
#include "wire/wherry-frame.h"

/* Members that speak frames, and that come back. */

guint64
test_client_get_key (TestClient *self)
{
  guint64 key = 0;

  g_assert_true (wherry_member_id_parse (self->id, &key));
  return key;
}

TestChannel *
test_client_open_as (TestClient *self, const char *label, const char *protocol)
{
  const WherryChannelInit init = {
    .label = label,
    .protocol = protocol,
    .ordered = TRUE,
    .priority = 256,
    .id = WHERRY_CHANNEL_ID_NONE,
  };
  TestChannel *channel = test_client_open_init (self, &init);

  relay_fixture_settle (self->fixture);
  return channel;
}

TestChannel *
test_client_open_addressed (TestClient *self, const char *label)
{
  return test_client_open_as (self, label, WHERRY_FRAME_PROTOCOL);
}

void
test_channel_send_to (TestChannel *self, guint64 recipient, guint64 own, const char *text)
{
  const WherryFrame frame = { .text = TRUE, .member = recipient, .sequence = own };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (WherryMessage) message = NULL;
  guint8 header[WHERRY_FRAME_HEADER_SIZE];

  wherry_frame_write (&frame, header);
  g_byte_array_append (bytes, header, sizeof header);
  g_byte_array_append (bytes, (const guint8 *) text, strlen (text));
  message = wherry_message_new (WHERRY_MESSAGE_BINARY, bytes->data, bytes->len, NULL);
  g_assert_cmpint (wherry_channel_send (self->channel, message), ==, WHERRY_SEND_OK);
  relay_fixture_settle (self->client->fixture);
}

void
test_client_connect_ready (TestClient *self)
{
  g_assert_true (wherry_relay_member_is_ready (self->member));
  test_client_start (self);
  test_client_wait_connected (self);
  relay_fixture_settle (self->fixture);
}

void
test_client_cut (TestClient *self)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "cut");

  wherry_fake_stream_end (self->relay_end, WHERRY_TRANSPORT_FAILED, error);
  relay_fixture_settle (self->fixture);
}
