/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"

#include "ice/fake-resolver.h"
#include "ice/fake-stun.h"
#include "ice/ice-pair.h"

static void
gather (IceSide *side, const WherryIceConfig *config)
{
  ice_side_init (side, config);
  ice_side_gather (side);
  WHERRY_WAIT_UNTIL (NULL, side->done > 0);
  g_assert_cmpuint (side->done, ==, 1);
}

/* Each server is asked; what two of them tell alike is one candidate. */
static void
test_several (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  FakeStun servers[3];
  IceSide side;

  fake_stun_start (&servers[0], "203.0.113.1");
  fake_stun_start (&servers[1], "203.0.113.2");
  fake_stun_start (&servers[2], "203.0.113.1");
  servers[1].silent = 1; /* the first request is lost */
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    wherry_ice_config_add_stun_server (config, "127.0.0.1", servers[i].port);
  gather (&side, config);
  g_assert_cmpuint (side.candidates->len, ==, 3);
  g_assert_cmpuint (ice_side_count (&side, " typ host"), ==, 1);
  g_assert_cmpuint (ice_side_count (&side, " 203.0.113.1 "), ==, 1);
  g_assert_cmpuint (ice_side_count (&side, " 203.0.113.2 "), ==, 1);
  g_assert_cmpuint (ice_side_count (&side, " typ srflx raddr 127.0.0.1 rport "), ==, 2);
  g_assert_cmpuint (side.errors->len, ==, 0);
  g_assert_cmpuint (servers[1].requests, ==, 2);
  ice_side_clear (&side);
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    fake_stun_stop (&servers[i]);
}

static void
test_errors (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  g_autoptr (FakeResolver) resolver = fake_resolver_new ();
  g_autofree char *refused = NULL;
  g_autofree char *dead = NULL;
  FakeStun servers[3];
  IceSide side;

  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    fake_stun_start (&servers[i], "203.0.113.1");
  servers[0].error_code = 456;
  servers[1].silent = G_MAXUINT;
  fake_resolver_add (resolver, "good.example", "127.0.0.1");
  fake_resolver_add (resolver, "six.example", "2001:db8::1");
  wherry_ice_config_set_resolver (config, G_RESOLVER (resolver));
  wherry_ice_config_add_stun_server (config, "127.0.0.1", servers[0].port);
  wherry_ice_config_add_stun_server (config, "127.0.0.1", servers[1].port);
  wherry_ice_config_add_stun_server (config, "good.example", servers[2].port);
  wherry_ice_config_add_stun_server (config, "nobody.example", 3478);
  wherry_ice_config_add_stun_server (config, "six.example", 3478);
  gather (&side, config);
  refused = g_strdup_printf ("stun:127.0.0.1:%u 456 ", servers[0].port);
  dead = g_strdup_printf ("stun:127.0.0.1:%u 701 ", servers[1].port);
  g_assert_cmpuint (ice_side_count (&side, " typ srflx "), ==, 1);
  g_assert_cmpuint (side.errors->len, ==, 4);
  g_assert_true (ice_side_has_error (&side, refused));
  g_assert_true (ice_side_has_error (&side, dead));
  g_assert_true (ice_side_has_error (&side, "stun:nobody.example:3478 701 "));
  g_assert_true (ice_side_has_error (&side, "stun:six.example:3478 701 "));
  g_assert_cmpuint (servers[1].requests, ==, 3);
  ice_side_clear (&side);
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    fake_stun_stop (&servers[i]);
}

/* A name that is never resolved holds up neither gathering nor the end. */
static void
test_slow_name (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  g_autoptr (FakeResolver) resolver = fake_resolver_new ();
  IceSide side;

  fake_resolver_add (resolver, "slow.example", NULL);
  wherry_ice_config_set_resolver (config, G_RESOLVER (resolver));
  wherry_ice_config_add_stun_server (config, "slow.example", 3478);
  gather (&side, config);
  g_assert_true (ice_side_has_error (&side, "stun:slow.example:3478 701 "));
  ice_side_clear (&side);

  ice_side_init (&side, config);
  ice_side_gather (&side);
  g_assert_cmpuint (fake_resolver_get_n_active (resolver), ==, 1);
  ice_side_clear (&side);
  g_assert_cmpuint (fake_resolver_get_n_active (resolver), ==, 0);
}

static void
drop (gpointer user_data, const char *line)
{
  IceSide *side = user_data;

  if (strstr (line, "srflx") != NULL)
    g_clear_object (&side->ice);
}

/* The last reference goes inside the event. */
static void
test_unref_in_event (void)
{
  const WherryIceSessionEvents events = { .candidate = drop };
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  FakeStun server;
  gpointer weak;
  IceSide side;

  fake_stun_start (&server, "203.0.113.1");
  wherry_ice_config_add_stun_server (config, "127.0.0.1", server.port);
  ice_side_init (&side, config);
  weak = side.ice;
  g_object_add_weak_pointer (G_OBJECT (side.ice), &weak);
  wherry_ice_session_set_session_events (side.ice, &events, &side);
  ice_side_gather (&side);
  WHERRY_WAIT_UNTIL (NULL, weak == NULL);
  ice_side_clear (&side);
  fake_stun_stop (&server);
}

/* Packets of others on the same socket are left to libnice. */
static void
test_while_connecting (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  WherryIcePair selected;
  FakeStun server;
  IcePair pair;

  fake_stun_start (&server, "203.0.113.1");
  server.silent = 2;
  wherry_ice_config_add_stun_server (config, "127.0.0.1", server.port);
  ice_pair_init_with (&pair, config, config);
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  g_assert_cmpuint (pair.a.done, ==, 0);
  for (guint i = 0; i < 20; i++)
    ice_pair_exchange (&pair, "while it gathers");
  WHERRY_WAIT_UNTIL (NULL, pair.a.done == 1 && pair.b.done == 1);
  g_assert_cmpuint (ice_side_count (&pair.a, " typ srflx "), ==, 1);
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (selected.local_type, ==, WHERRY_CANDIDATE_TYPE_HOST);
  ice_pair_exchange (&pair, "and afterwards");
  ice_pair_clear (&pair);
  fake_stun_stop (&server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-stun/several", test_several);
  g_test_add_func ("/ice-stun/errors", test_errors);
  g_test_add_func ("/ice-stun/slow-name", test_slow_name);
  g_test_add_func ("/ice-stun/unref-in-event", test_unref_in_event);
  g_test_add_func ("/ice-stun/while-connecting", test_while_connecting);
  return g_test_run ();
}
