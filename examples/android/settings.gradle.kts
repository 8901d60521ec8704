pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositories {
        // Where bindings/android/make-aar leaves com.phygital:phygital-android.
        mavenLocal()
        google()
        mavenCentral()
    }
}

rootProject.name = "till"
include(":app")
