/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "ice/ice-pair.h"

#include "integration/ice/coturn.h"

#define ALLOCATED "ALLOCATE processed, success"

typedef enum
{
  OVER_UDP,
  OVER_TCP,
  OVER_TLS,
} Way;

static void
add_server (WherryIceConfig *config, Coturn *coturn, Way way, const char *host)
{
  if (way == OVER_TLS)
    {
      wherry_ice_config_add_turns_server (config, host, coturn->tls_port, COTURN_USER,
                                          COTURN_PASSWORD);
      wherry_ice_config_set_tls_ca_file (config, coturn->certificate);
    }
  else
    wherry_ice_config_add_turn_server (config, host, coturn->port, COTURN_USER, COTURN_PASSWORD,
                                       way == OVER_TCP);
}

static WherryIceConfig *
relay_config (Coturn *coturn, Way way, const char *host)
{
  WherryIceConfig *config = ice_loopback_config ();

  config->relay_only = TRUE;
  add_server (config, coturn, way, host);
  return config;
}

/* Both sides are allowed nothing but the relay: every packet takes two turns through it. */
static void
test_relay_only (gconstpointer data)
{
  const Way way = GPOINTER_TO_INT (data);
  g_autofree char *url = NULL;
  Coturn coturn;
  WherryIcePair selected;
  WherryIceStats stats;
  IcePair pair;

  if (!coturn_start (&coturn))
    return;
  url = way == OVER_UDP   ? g_strdup_printf ("turn:127.0.0.1:%u?transport=udp", coturn.port)
        : way == OVER_TCP ? g_strdup_printf ("turn:127.0.0.1:%u?transport=tcp", coturn.port)
                          : g_strdup_printf ("turns:localhost:%u?transport=tcp", coturn.tls_port);
  {
    g_autoptr (WherryIceConfig) config
        = relay_config (&coturn, way, way == OVER_TLS ? "localhost" : "127.0.0.1");

    ice_pair_init_with (&pair, config, config);
  }
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair) && pair.a.done > 0 && pair.b.done > 0);
  ice_pair_exchange (&pair, "through the relay");
  g_assert_cmpuint (pair.a.candidates->len, ==, 1);
  g_assert_cmpuint (ice_side_count (&pair.a, " typ relay "), ==, 1);
  g_assert_cmpuint (ice_side_count (&pair.b, " typ relay "), ==, 1);
  g_assert_cmpuint (pair.a.errors->len, ==, 0);
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (selected.local_type, ==, WHERRY_CANDIDATE_TYPE_RELAY);
  g_assert_cmpint (selected.remote_type, ==, WHERRY_CANDIDATE_TYPE_RELAY);
  wherry_ice_session_get_stats (pair.a.ice, &stats);
  g_assert_cmpstr (stats.relay_url, ==, url);
  WHERRY_WAIT_UNTIL (NULL, coturn_count (&coturn, ALLOCATED) == 2);
  g_assert_cmpuint (coturn_count (&coturn, "method=TLSv1"), ==, way == OVER_TLS ? 2 : 0);
  ice_pair_clear (&pair);
  /* and the server hears that they are no longer needed */
  WHERRY_WAIT_UNTIL (NULL, coturn_count (&coturn, "lifetime=0") >= 2);
  coturn_stop (&coturn);
}

/* By name, without relay_only, and through a restart: the relay is one way among others. */
static void
test_by_name (gconstpointer data)
{
  const Way way = GPOINTER_TO_INT (data);
  g_autoptr (WherryIceConfig) plain = ice_loopback_config ();
  Coturn coturn;
  WherryIcePair selected;
  IcePair pair;

  if (!coturn_start (&coturn))
    return;
  {
    g_autoptr (WherryIceConfig) config = relay_config (&coturn, way, "localhost");

    ice_pair_init_with (&pair, config, plain);
  }
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair) && pair.a.done > 0);
  ice_pair_exchange (&pair, "through the relay");
  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  g_assert_true (wherry_ice_session_restart (pair.b.ice, NULL));
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, !wherry_ice_session_is_restarting (pair.a.ice)
                               && !wherry_ice_session_is_restarting (pair.b.ice));
  ice_pair_exchange (&pair, "restarted");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.b.ice, &selected));
  g_assert_cmpint (selected.remote_type, ==, WHERRY_CANDIDATE_TYPE_RELAY);
  g_assert_cmpint (selected.local_type, ==, WHERRY_CANDIDATE_TYPE_HOST);
  WHERRY_WAIT_UNTIL (NULL, coturn_count (&coturn, ALLOCATED) == 2);
  ice_pair_clear (&pair);
  coturn_stop (&coturn);
}

/* Gathers alone; returns with gathering done. */
static void
gather_alone (IceSide *side, const WherryIceConfig *config)
{
  ice_side_init (side, config);
  ice_side_gather (side);
  WHERRY_WAIT_UNTIL (NULL, side->done == 1);
}

static void
test_refused (void)
{
  Coturn coturn;
  IceSide side;

  if (!coturn_start (&coturn))
    return;
  {
    g_autoptr (WherryIceConfig) config = ice_loopback_config ();

    wherry_ice_config_add_turn_server (config, "127.0.0.1", coturn.port, COTURN_USER, "wrong",
                                       FALSE);
    gather_alone (&side, config);
  }
  g_assert_cmpuint (side.candidates->len, ==, 1); /* host */
  g_assert_cmpuint (side.errors->len, ==, 1);
  g_assert_cmpuint (coturn_count (&coturn, ALLOCATED), ==, 0);
  ice_side_clear (&side);
  coturn_stop (&coturn);
}

/* Whose certificate is not from an authority that we trust, or not for the name, hears nothing of
 * us but the handshake. */
static void
test_tls_unverified (void)
{
  Coturn coturn;
  IceSide side;

  if (!coturn_start (&coturn))
    return;
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (WherryIceConfig) config
          = relay_config (&coturn, OVER_TLS, i == 2 ? "127.0.0.1" : "localhost");
      g_autofree char *error
          = g_strdup_printf ("turns:%s:%u?transport=tcp 701 ", i == 2 ? "127.0.0.1" : "localhost",
                             coturn.tls_port);

      if (i < 2)
        wherry_ice_config_set_tls_ca_file (config, i == 0 ? coturn.other_certificate : NULL);
      gather_alone (&side, config);
      g_assert_cmpuint (side.candidates->len, ==, 0);
      g_assert_cmpuint (side.errors->len, ==, 1);
      g_assert_true (ice_side_has_error (&side, error));
      ice_side_clear (&side);
    }
  g_assert_cmpuint (coturn_count (&coturn, COTURN_USER), ==, 0);
  coturn_stop (&coturn);
}

/* Several: what one cannot give comes from another. */
static void
test_several (void)
{
  g_autofree char *refused = NULL;
  Coturn coturn;
  IceSide side;

  if (!coturn_start (&coturn))
    return;
  refused = g_strdup_printf ("turn:127.0.0.2:%u?transport=tcp 701 ", 9);
  {
    g_autoptr (WherryIceConfig) config = ice_loopback_config ();

    wherry_ice_config_add_turn_server (config, "127.0.0.2", 9, COTURN_USER, COTURN_PASSWORD, TRUE);
    add_server (config, &coturn, OVER_UDP, "127.0.0.1");
    add_server (config, &coturn, OVER_TCP, "localhost");
    add_server (config, &coturn, OVER_TLS, "localhost");
    wherry_ice_config_add_stun_server (config, "localhost", coturn.port);
    gather_alone (&side, config);
  }
  /* All three ways were taken; libnice keeps one candidate of them, which have one address.
   * On loopback what STUN tells is the host candidate: redundant. */
  g_assert_cmpuint (ice_side_count (&side, " typ srflx "), ==, 0);
  g_assert_cmpuint (ice_side_count (&side, " typ relay "), ==, 1);
  WHERRY_WAIT_UNTIL (NULL, coturn_count (&coturn, ALLOCATED) == 3); /* its log is late */
  g_assert_cmpuint (side.errors->len, ==, 1);
  g_assert_true (ice_side_has_error (&side, refused));
  ice_side_clear (&side);
  coturn_stop (&coturn);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/turn/relay-only/udp", GINT_TO_POINTER (OVER_UDP), test_relay_only);
  g_test_add_data_func ("/turn/relay-only/tcp", GINT_TO_POINTER (OVER_TCP), test_relay_only);
  g_test_add_data_func ("/turn/relay-only/tls", GINT_TO_POINTER (OVER_TLS), test_relay_only);
  g_test_add_data_func ("/turn/by-name/udp", GINT_TO_POINTER (OVER_UDP), test_by_name);
  g_test_add_data_func ("/turn/by-name/tls", GINT_TO_POINTER (OVER_TLS), test_by_name);
  g_test_add_func ("/turn/refused", test_refused);
  g_test_add_func ("/turn/tls-unverified", test_tls_unverified);
  g_test_add_func ("/turn/several", test_several);
  return g_test_run ();
}
