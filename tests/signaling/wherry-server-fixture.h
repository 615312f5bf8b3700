/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A signaling server over a fake relay, on a virtual clock and a port of its own. */

#include "fixtures/wherry-virtual-clock.h"
#include "fixtures/wherry-wait.h"
#include "signaling/wherry-fake-relay.h"
#include "signaling/wherry-raw-client.h"
#include "signaling/wherry-signaling-server.h"

G_BEGIN_DECLS

typedef struct
{
  WherryClock *clock;
  WherryRelayHub *relay;
  WherryOriginPolicy *origins;
  WherrySignalingServer *server;
  guint16 port;
} ServerFixture;

/* data: GUINT_TO_POINTER (connections_max), 0: the default */
static inline void
server_set_up (ServerFixture *f, gconstpointer data)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;
  WherrySignalingConfig config = { 0 };

  f->clock = wherry_virtual_clock_new ();
  f->relay = wherry_fake_relay_new ();
  f->origins = wherry_origin_policy_new ();
  config.clock = f->clock;
  config.origins = f->origins;
  config.connections_max = GPOINTER_TO_UINT (data);
  f->server = wherry_signaling_server_new (f->relay, &config);
  uri = wherry_signaling_server_listen (f->server, address, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (uri, "http://127.0.0.1:"));
  f->port = (guint16) g_ascii_strtoull (uri + strlen ("http://127.0.0.1:"), NULL, 10);
}

static inline void
server_on_done (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

/* The way a daemon ends it; who does not close is cut off when the grace is over. */
static inline void
server_end (ServerFixture *f)
{
  gboolean done = FALSE;

  wherry_signaling_server_drain (f->server);
  wherry_signaling_server_shutdown (f->server, server_on_done, &done);
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_virtual_clock_advance (f->clock, 100 * G_TIME_SPAN_MILLISECOND);
                       done;
                     }));
  g_assert_cmpuint (wherry_signaling_server_get_n_sockets (f->server), ==, 0);
  g_clear_pointer (&f->server, wherry_signaling_server_free);
}

static inline void
server_tear_down (ServerFixture *f, gconstpointer data)
{
  if (f->server != NULL)
    server_end (f);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  wherry_fake_relay_free (f->relay); /* asserts that no member is left */
  wherry_origin_policy_free (f->origins);
  wherry_clock_unref (f->clock);
}

G_END_DECLS
