/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include "fixtures/wherry-own-network.h"
#include "fixtures/wherry-wait.h"
#include "ice/wherry-ice-network.h"

#include "ice/ice-pair.h"

static struct
{
  void (*changed) (gpointer user_data);
  gpointer user_data;
  guint watches;
} fake;

static gpointer
fake_watch (GMainContext *context, void (*changed) (gpointer user_data), gpointer user_data)
{
  fake.changed = changed;
  fake.user_data = user_data;
  fake.watches++;
  return &fake;
}

static void
fake_unwatch (gpointer watch)
{
  g_assert_true (watch == &fake);
  fake.watches--;
}

static gboolean
fake_has_address (const char *address)
{
  g_assert_not_reached (); /* nothing is connected */
}

static void
on_changed (gpointer user_data, gboolean lost)
{
  guint *n = user_data;

  *n += 1;
}

static const WherryIceSessionEvents events = { .addresses_changed = on_changed };

static void
test_replaceable (void)
{
  const WherryIceNetwork network = {
    .watch = fake_watch,
    .unwatch = fake_unwatch,
    .has_address = fake_has_address,
  };
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  guint n = 0;
  IceSide side;

  ice_side_init (&side, config);
  g_assert_cmpuint (fake.watches, ==, 0); /* nobody asked for it */
  ice_side_clear (&side);

  config->network = &network;
  ice_side_init (&side, config);
  g_assert_cmpuint (fake.watches, ==, 1);
  wherry_ice_session_set_session_events (side.ice, &events, &n);
  fake.changed (fake.user_data);
  g_assert_cmpuint (n, ==, 1);
  ice_side_clear (&side);
  g_assert_cmpuint (fake.watches, ==, 0);
}

static void
watch_changes (gpointer user_data)
{
  on_changed (user_data, FALSE);
}

/* From one network to another: the old address goes, a new one comes, and ICE restarts over the
 * signaling that is still there. Nothing above notices. */
static void
test_roaming (void)
{
  const WherryIceNetwork *system = wherry_ice_network_get_system ();
  g_autoptr (WherryIceConfig) config = wherry_ice_config_new ();
  gpointer watch;
  WherryIcePair selected;
  guint n = 0;
  IcePair pair;

  config->outlives_failure = TRUE;
  ice_pair_init_with (&pair, config, config);
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "at home");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_true (g_str_has_prefix (selected.local_address, "10.77.0.1:"));

  watch = system->watch (g_main_context_default (), watch_changes, &n);
  g_assert_nonnull (watch);
  wherry_own_network_ip ("address add 127.0.0.77/8 dev lo"); /* of no interest */
  wherry_own_network_ip ("address delete 10.77.0.1/24 dev wherry0");
  WHERRY_WAIT_UNTIL (NULL, n == 1);
  wherry_own_network_ip ("address add 10.88.0.1/24 dev wherry0");
  wherry_own_network_ip (
      "address add 10.88.0.2/24 dev wherry0"); /* within the time to settle: told once */
  WHERRY_WAIT_UNTIL (NULL, n == 2);
  system->unwatch (watch);

  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  g_assert_true (wherry_ice_session_restart (pair.b.ice, NULL));
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, !wherry_ice_session_is_restarting (pair.a.ice)
                               && !wherry_ice_session_is_restarting (pair.b.ice));
  ice_pair_exchange (&pair, "on the road");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_true (g_str_has_prefix (selected.local_address, "10.88.0."));
  g_assert_cmpuint (pair.a.heard.states->len, ==, 2); /* CONNECTING and CONNECTED */
  ice_pair_clear (&pair);
}

/* The same as seen by a session. */
static void
test_session (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  guint n = 0;
  IceSide side;

  config->network = wherry_ice_network_get_system ();
  ice_side_init (&side, config);
  wherry_ice_session_set_session_events (side.ice, &events, &n);
  wherry_own_network_ip ("address add 10.99.0.1/24 dev wherry0");
  WHERRY_WAIT_UNTIL (NULL, n == 1);
  wherry_own_network_ip ("link set wherry0 down");
  WHERRY_WAIT_UNTIL (NULL, n == 2);
  ice_side_clear (&side);
}

static gboolean has_namespace;

static void
in_namespace (gconstpointer func)
{
  if (!has_namespace)
    has_namespace = wherry_own_network_enter ();
  if (has_namespace)
    ((GTestFunc) func) ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-network/replaceable", test_replaceable);
  g_test_add_data_func ("/ice-network/in-namespace/roaming", test_roaming, in_namespace);
  g_test_add_data_func ("/ice-network/in-namespace/session", test_session, in_namespace);
  return g_test_run ();
}
