/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two connections in one program: one says hello, the other sends it back. */

#include <lib/wherry.h>

static GMainLoop *loop;
static WherryPeerConnection *caller;
static WherryPeerConnection *callee;

/* Signaling: each description goes to the other side once all candidates are in it. It has
 * to_json() and new_from_json(), to go over any wire. */
static void
on_local_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!wherry_peer_connection_set_local_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                            &error))
    g_error ("%s", error->message);
}

static void
on_negotiation_needed (WherryPeerConnection *connection, gpointer data)
{
  wherry_peer_connection_set_local_description_async (connection, NULL, NULL, on_local_set, NULL);
}

static void
on_remote_set (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryPeerConnection *connection = WHERRY_PEER_CONNECTION (source);
  g_autoptr (GError) error = NULL;

  if (!wherry_peer_connection_set_remote_description_finish (connection, result, &error))
    g_error ("%s", error->message);
  if (wherry_peer_connection_get_signaling_state (connection)
      == WHERRY_SIGNALING_STATE_HAVE_REMOTE_OFFER)
    wherry_peer_connection_set_local_description_async (connection, NULL, NULL, on_local_set, NULL);
}

static void
on_gathering_state (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  if (wherry_peer_connection_get_ice_gathering_state (connection)
      == WHERRY_ICE_GATHERING_STATE_COMPLETE)
    wherry_peer_connection_set_remote_description_async (
        connection == caller ? callee : caller,
        wherry_peer_connection_get_local_description (connection), NULL, on_remote_set, NULL);
}

/* The channel, at both ends */
static void
send_message (WherryDataChannel *channel, GBytes *bytes, gboolean is_text)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (GError) error = NULL;

  if (is_text ? !wherry_data_channel_send_text (channel, text, &error)
              : !wherry_data_channel_send_bytes (channel, bytes, &error))
    g_error ("%s", error->message);
}

static void
on_open (WherryDataChannel *channel, gpointer data)
{
  g_autoptr (GBytes) hello = g_bytes_new_static ("hello", 5);

  send_message (channel, hello, TRUE);
}

static void
on_echoed (WherryDataChannel *channel, GBytes *bytes, gboolean is_text, gpointer data)
{
  g_print ("echoed: %.*s\n", (int) g_bytes_get_size (bytes),
           (const char *) g_bytes_get_data (bytes, NULL));
  g_main_loop_quit (loop);
}

static void
on_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer data)
{
  g_signal_connect (channel, "message", G_CALLBACK (send_message), NULL);
}

int
main (void)
{
  const char *addresses[] = { "127.0.0.1", NULL }; /* both are here */
  g_autoptr (WherryConfiguration) configuration = wherry_configuration_new ();
  g_autoptr (WherryDataChannel) channel = NULL;
  g_autoptr (GError) error = NULL;

  loop = g_main_loop_new (NULL, FALSE);
  wherry_configuration_set_bind_addresses (configuration, addresses);
  caller = wherry_peer_connection_new (configuration, &error);
  callee = caller != NULL ? wherry_peer_connection_new (configuration, &error) : NULL;
  if (callee == NULL)
    g_error ("%s", error->message);
  g_signal_connect (caller, "negotiation-needed", G_CALLBACK (on_negotiation_needed), NULL);
  g_signal_connect (caller, "notify::ice-gathering-state", G_CALLBACK (on_gathering_state), NULL);
  g_signal_connect (callee, "notify::ice-gathering-state", G_CALLBACK (on_gathering_state), NULL);
  g_signal_connect (callee, "data-channel", G_CALLBACK (on_channel), NULL);

  channel = wherry_peer_connection_create_data_channel (caller, "echo", NULL, &error);
  if (channel == NULL)
    g_error ("%s", error->message);
  g_signal_connect (channel, "open", G_CALLBACK (on_open), NULL);
  g_signal_connect (channel, "message", G_CALLBACK (on_echoed), NULL);
  g_main_loop_run (loop);

  wherry_peer_connection_close (caller);
  wherry_peer_connection_close (callee);
  g_object_unref (caller);
  g_object_unref (callee);
  g_main_loop_unref (loop);
  return 0;
}
