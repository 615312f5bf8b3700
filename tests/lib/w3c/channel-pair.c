/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

WherryDataChannelInit *
channel_init_new (gboolean negotiated, int id)
{
  WherryDataChannelInit *init = wherry_data_channel_init_new ();

  init->negotiated = negotiated;
  init->id = id;
  return init;
}

WherryDataChannel *
make_channel (PairEnd *end, const char *label, WherryDataChannelInit *init)
{
  g_autoptr (GError) error = NULL;
  WherryDataChannel *channel
      = wherry_peer_connection_create_data_channel (end->connection, label, init, &error);

  g_assert_no_error (error);
  g_assert_nonnull (channel);
  pair_watch (channel);
  return channel;
}

void
refuse_channel (PairEnd *end, const char *label, WherryDataChannelInit *init, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (wherry_peer_connection_create_data_channel (end->connection, label, init, &error));
  g_assert_error (error, WHERRY_ERROR, code);
}

void
agree (ConnectionPair *pair)
{
  pair->holds_candidates = TRUE;
  pair_negotiate (&pair->a);
}

ChannelPair *
channel_pair_new_full (const char *label, WherryDataChannelInit *in_a, WherryDataChannelInit *in_b)
{
  ChannelPair *self = g_new0 (ChannelPair, 1);
  gboolean negotiated = in_a != NULL && in_a->negotiated;
  g_autoptr (WherryDataChannel) made = NULL;
  g_autoptr (WherryDataChannel) other = NULL;

  self->pair = connection_pair_new (NULL);
  made = make_channel (&self->pair->a, label, in_a);
  self->a = channel_end_new (made, TRUE);
  if (negotiated)
    {
      other = make_channel (&self->pair->b, label, in_b != NULL ? in_b : in_a);
      self->b = channel_end_new (other, TRUE);
    }
  pair_negotiate (&self->pair->a);
  WHERRY_WAIT_UNTIL (NULL, self->a->n_open == 1);
  if (negotiated)
    WHERRY_WAIT_UNTIL (NULL, self->b->n_open == 1);
  else
    {
      WHERRY_WAIT_UNTIL (NULL, self->pair->b.channels->len == 1);
      self->b = channel_end_new (g_ptr_array_index (self->pair->b.channels, 0), TRUE);
    }
  return self;
}

ChannelPair *
channel_pair_new (gconstpointer data)
{
  g_autoptr (WherryDataChannelInit) init = channel_init_new (GPOINTER_TO_INT (data), 0);

  return channel_pair_new_full ("channel", init, NULL);
}

void
channel_pair_free (ChannelPair *self)
{
  channel_end_free (self->a);
  channel_end_free (self->b);
  connection_pair_free (self->pair);
  g_free (self);
}

void
wait_messages (ChannelEnd *end, guint n)
{
  WHERRY_WAIT_UNTIL (NULL, end->messages->len >= n);
  g_assert_cmpuint (end->messages->len, ==, n);
}

GBytes *
filled_bytes (gsize length)
{
  guint8 *data = g_malloc0 (length);

  for (gsize i = 0; i < length; i++)
    data[i] = 0xde;
  return g_bytes_new_take (data, length);
}

void
add_both (const char *prefix, const char *name, GTestDataFunc function)
{
  g_autofree char *in_band = g_strconcat (prefix, "/in-band/", name, NULL);
  g_autofree char *negotiated = g_strconcat (prefix, "/negotiated/", name, NULL);

  g_test_add_data_func (in_band, GINT_TO_POINTER (FALSE), function);
  g_test_add_data_func (negotiated, GINT_TO_POINTER (TRUE), function);
}

WherrySessionDescription *
with_attribute (WherrySessionDescription *description, const char *name, const char *value)
{
  g_autofree char *pattern = g_strdup_printf ("a=%s:[^\r\n]*\r\n", name);
  g_autofree char *line = value != NULL ? g_strdup_printf ("a=%s:%s\r\n", name, value) : NULL;
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  const char *sdp = wherry_session_description_get_sdp (description);
  g_autofree char *changed
      = g_regex_replace_literal (regex, sdp, -1, 0, line != NULL ? line : "", 0, NULL);

  g_assert_true (g_regex_match (regex, sdp, 0, NULL));
  return wherry_session_description_new (wherry_session_description_get_description_type (
                                             description),
                                         changed);
}
