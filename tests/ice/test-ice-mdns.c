/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"
#include "ice/wherry-ice-mdns.h"

#include "ice/fake-resolver.h"
#include "ice/ice-pair.h"

#define NAME "1c2d3e4f-0000-4000-8000-00000000000%x.local"

static void
test_nsswitch (void)
{
  g_assert_false (wherry_ice_mdns_is_in_nsswitch (""));
  g_assert_false (wherry_ice_mdns_is_in_nsswitch ("hosts: files dns\n"));
  g_assert_false (wherry_ice_mdns_is_in_nsswitch ("hosts: files dns # mdns4\n"));
  g_assert_false (wherry_ice_mdns_is_in_nsswitch ("# hosts: mdns\npasswd: files mdns\n"));
  g_assert_true (wherry_ice_mdns_is_in_nsswitch (
      "passwd: files\nhosts:\tfiles mdns4_minimal [NOTFOUND=return] dns\n"));
  g_assert_true (wherry_ice_mdns_is_in_nsswitch ("hosts: files mdns"));
}

static WherryIceConfig *
mdns_config (FakeResolver *resolver)
{
  WherryIceConfig *config = ice_loopback_config ();

  config->mdns = WHERRY_ICE_MDNS_ON;
  wherry_ice_config_set_resolver (config, G_RESOLVER (resolver));
  return config;
}

static void
give_name (IceSide *side, guint number, guint port)
{
  g_autofree char *line = g_strdup_printf ("candidate:%u 1 udp %u " NAME " %u typ host", number,
                                           2000000 - number, number, port);
  g_autoptr (GError) error = NULL;

  g_assert_true (wherry_ice_session_add_remote_candidate (side->ice, line, &error));
  g_assert_no_error (error);
}

static guint
port_of (IceSide *side)
{
  const char *line = g_ptr_array_index (side->candidates, 0);
  g_autoptr (WherryCandidate) candidate = wherry_candidate_parse (line, strlen (line), NULL);

  return candidate->port;
}

/* B is never told A's address, and announces its own by name only. */
static void
test_connects (void)
{
  g_autoptr (FakeResolver) resolver = fake_resolver_new ();
  g_autoptr (WherryIceConfig) a = mdns_config (resolver);
  g_autoptr (WherryIceConfig) b = ice_loopback_config ();
  g_autofree char *name = g_strdup_printf (NAME, 1);
  WherryIcePair selected;
  IcePair pair;

  fake_resolver_add (resolver, name, "127.0.0.1");
  ice_pair_init_with (&pair, a, b);
  pair.a.silent = pair.b.silent = TRUE;
  ice_side_gather (&pair.b);
  give_name (&pair.a, 1, port_of (&pair.b));
  wherry_ice_session_end_of_remote_candidates (pair.a.ice); /* the name is still looked up */
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "by name");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (selected.remote_type, ==, WHERRY_CANDIDATE_TYPE_HOST);
  g_assert_cmpuint (fake_resolver_get_n_asked (resolver), ==, 1);
  ice_pair_clear (&pair);
}

static void
test_off (void)
{
  g_autoptr (FakeResolver) resolver = fake_resolver_new ();
  g_autoptr (WherryIceConfig) config = mdns_config (resolver);
  guint64 ignored = wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  IceSide side;

  config->mdns = WHERRY_ICE_MDNS_OFF;
  ice_side_init (&side, config);
  give_name (&side, 1, 4000);
  g_assert_cmpuint (fake_resolver_get_n_asked (resolver), ==, 0);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED), ==, ignored + 1);
  ice_side_clear (&side);
}

/* Few at a time, few in all; those that take too long are given up; the end waits for none. */
static void
test_bounds (void)
{
  const guint n = WHERRY_MDNS_CANDIDATES_MAX + 4;
  g_autoptr (FakeResolver) resolver = fake_resolver_new ();
  g_autoptr (WherryIceConfig) config = mdns_config (resolver);
  guint64 ignored = wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED);
  IceSide side;

  ice_side_init (&side, config);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf (NAME, i);

      fake_resolver_add (resolver, name, NULL);
      give_name (&side, i, 4000);
    }
  wherry_ice_session_end_of_remote_candidates (side.ice);
  g_assert_cmpuint (fake_resolver_get_n_active (resolver), ==, WHERRY_ICE_LOOKUPS_ACTIVE);
  WHERRY_WAIT_UNTIL (NULL, fake_resolver_get_n_asked (resolver) == WHERRY_MDNS_CANDIDATES_MAX);
  g_assert_cmpuint (fake_resolver_get_max_active (resolver), <=, 2 * WHERRY_ICE_LOOKUPS_ACTIVE);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_ICE_MDNS_IGNORED), >=, ignored + 4);
  ice_side_clear (&side);
  g_assert_cmpuint (fake_resolver_get_n_active (resolver), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-mdns/nsswitch", test_nsswitch);
  g_test_add_func ("/ice-mdns/connects", test_connects);
  g_test_add_func ("/ice-mdns/off", test_off);
  g_test_add_func ("/ice-mdns/bounds", test_bounds);
  return g_test_run ();
}
