plugins {
    id("com.android.application")
    kotlin("android")
}

android {
    namespace = "com.example.till"
    compileSdk = 36

    defaultConfig {
        applicationId = "com.example.till"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "1.0"
    }

    buildTypes {
        release { isMinifyEnabled = true }
    }
}

kotlin { jvmToolchain(17) }

dependencies {
    implementation("com.phygital:phygital-android:0.1.0")
    implementation("androidx.activity:activity-ktx:1.10.1")
    implementation("androidx.lifecycle:lifecycle-viewmodel-ktx:2.9.0")
    // The library of the desktop, for tests without a phone: see bindings/kotlin.
    testImplementation("com.phygital:phygital-jvm:0.1.0")
    testImplementation("junit:junit:4.13.2")
}
