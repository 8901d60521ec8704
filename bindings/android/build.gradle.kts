// The AAR: the layer of bindings/kotlin over libraries for phones. `make-aar` beside this makes what it packs, then calls it.
plugins {
    id("com.android.library") version "8.13.0"
    kotlin("android") version "2.2.20"
    `maven-publish`
}

group = "com.phygital"
version = "0.1.0"

android {
    namespace = "com.phygital"
    compileSdk = 36
    ndkVersion = "28.2.13676358"

    defaultConfig {
        // java.time without desugaring.
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }

    sourceSets["main"].apply {
        kotlin.srcDirs("../kotlin/src/main/kotlin", "made/kotlin/com")
        jniLibs.srcDirs("made/jniLibs")
    }

    publishing { singleVariant("release") }
}

kotlin { jvmToolchain(17) }

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
    // With libraries for phones in it, 16 KB pages among them: 5.17 or newer.
    implementation("net.java.dev.jna:jna:5.17.0@aar")
}

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "phygital-android"
            afterEvaluate { from(components["release"]) }
        }
    }
}
