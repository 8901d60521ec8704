package com.example.till

import android.app.Application
import android.nfc.NfcAdapter
import android.nfc.Tag
import android.nfc.tech.Ndef
import android.os.Bundle
import android.widget.TextView
import androidx.activity.ComponentActivity
import androidx.activity.viewModels
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.lifecycleScope
import androidx.lifecycle.viewModelScope
import java.io.IOException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch

/** The key of a tag to try it with. Yours come from the Keystore. */
private const val KEYS =
    """{"file_read_key": "5ace7e50ab65d5d51fd5bf5a16b8205b", "meta_read_key": "5ace7e50ab65d5d51fd5bf5a16b8205b"}"""
private const val SETTINGS =
    """{"brand": "Wren & Co", "notice": {"id": "tap-sms-1", "sender": "+12015550101",
        "text": "Text us the code to be known here. Reply STOP to leave.",
        "purposes": ["recognition", "personalization"]}}"""

/** Outlives the screen when it is turned. */
class TillModel(application: Application) : AndroidViewModel(application) {
    val shown = MutableStateFlow<Shown?>(null)
    private val till = CompletableDeferred<Till>()

    init {
        viewModelScope.launch {
            val path = application.noBackupFilesDir.resolve("till.db").path
            val opened = Till.open(path, SETTINGS, KEYS)
            opened.enroll("04a1b2c3d4e5f6", "paris-1")
            till.complete(opened)
        }
    }

    fun tapped(message: ByteArray) {
        viewModelScope.launch { shown.value = till.await().tapped(message) }
    }

    fun pause() {
        viewModelScope.launch { till.await().pause() }
    }

    fun resume() {
        viewModelScope.launch { till.await().resume() }
    }

    @OptIn(ExperimentalCoroutinesApi::class)
    override fun onCleared() {
        if (till.isCompleted) till.getCompleted().close()
    }
}

/** One line of text: what the till says. Tags are read while it is seen. */
class MainActivity : ComponentActivity() {
    private val model: TillModel by viewModels()

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        val text = TextView(this).apply { textSize = 24f }
        setContentView(text)
        lifecycleScope.launch {
            model.shown.collect { shown ->
                text.text =
                    when (shown) {
                        null -> getString(R.string.ready)
                        is Shown.Card -> shown.json
                        is Shown.Offer -> "${shown.notice}\n\n${shown.link}"
                        Shown.Nobody -> getString(R.string.nobody)
                        Shown.Again -> getString(R.string.again)
                        is Shown.Trouble -> getString(R.string.trouble, shown.code)
                    }
            }
        }
    }

    override fun onStart() {
        super.onStart()
        model.resume()
    }

    override fun onResume() {
        super.onResume()
        // Without the sound of the platform: the till says itself how it went. Called on a thread of NFC's own.
        val flags = NfcAdapter.FLAG_READER_NFC_A or NfcAdapter.FLAG_READER_NO_PLATFORM_SOUNDS
        NfcAdapter.getDefaultAdapter(this)?.enableReaderMode(this, ::found, flags, null)
    }

    override fun onPause() {
        NfcAdapter.getDefaultAdapter(this)?.disableReaderMode(this)
        super.onPause()
    }

    override fun onStop() {
        model.pause()
        super.onStop()
    }

    /** Reads the message at once: each read of such a tag is a tap of its own. */
    private fun found(tag: Tag) {
        val ndef = Ndef.get(tag) ?: return
        try {
            ndef.use {
                it.connect()
                it.ndefMessage?.let { message -> model.tapped(message.toByteArray()) }
            }
        } catch (_: IOException) {
            // It left the field too early: it is held there again.
        }
    }
}
